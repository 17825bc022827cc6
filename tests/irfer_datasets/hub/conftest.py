"""Each test has a home folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
