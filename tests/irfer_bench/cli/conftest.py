"""Fixtures: an empty home per test, and commands called in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from irfer_bench.cli import main
from tests.irfer_bench.conftest import Preparer


class Outcome(NamedTuple):
    """The outcome of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one object."""
        return json.loads(self.out)


class Data:
    """`irfer-bench data …`."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> Outcome:
        self._capsys.readouterr()
        try:
            code = main(["data", *map(str, words)])
        except SystemExit as error:
            code = int(error.code or 0)
        return Outcome(code, *self._capsys.readouterr())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    for name in ("IRFER_BENCH_WEIGHTS", "IRFER_BENCH_TRACEBACK", "IRFER_BENCH_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OULU_CASIA", "FOLDER", "NVIE"):
        monkeypatch.delenv(f"IRFER_BENCH_DATA_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def data(capsys: pytest.CaptureFixture[str]) -> Data:
    return Data(capsys)


@pytest.fixture
def record(bench: Preparer) -> Path:
    """The record of a run with a fitted recognizer."""
    assert bench.run()[0] == 0
    (path,) = bench.out.glob("records/*/*.json")
    return path
