"""No suite leaves copies of its samples in the home folder of whoever runs it."""

from pathlib import Path

import pytest

from irfer_bench.home import weights


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(weights()))  # those of whoever runs it, if any
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
