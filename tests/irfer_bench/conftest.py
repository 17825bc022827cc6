"""Fixtures: the toy plugin, an empty home and an empty results folder per test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

TOY = Path(__file__).parent / "toy"
ROOT = Path(__file__).parents[2]
CELL = ("-d", "toy", "-t", "toy_shift", "-r", "toy_means")


@dataclass
class Preparer:
    """Runs the command line in this process or as a child, over one home folder."""

    folder: Path
    capsys: Any
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def out(self) -> Path:
        return self.folder / "results"

    def call(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a command."""
        from irfer_bench.cli import main

        self.capsys.readouterr()
        try:
            code = main(list(words))
        except SystemExit as error:
            code = int(error.code or 0)
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    def run(self, *words: str) -> tuple[int, str, str]:
        """`irfer-bench run` of one toy cell, or of what the words say."""
        return self.call("run", *(words if "-r" in words else (*CELL, *words)))

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """A child process that runs the same."""
        command = [sys.executable, "-m", "irfer_bench", "run", *CELL, *words]
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            env=os.environ | env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A shell's background job ignores Ctrl-C, and so would its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.children.append(child)
        return child

    def paused(self, stage: str, *words: str, **env: str) -> subprocess.Popen[str]:
        """A child that stands still in a stage of the toy."""
        place = self.folder / f"pause{len(self.children)}"
        place.mkdir()
        child = self.start(*words, TOY_PAUSE=f"{stage}={place}", **env)
        ending = time.monotonic() + 60
        while not (place / "reached").exists():
            assert child.poll() is None, child.communicate()[1]
            assert time.monotonic() < ending, f"{stage} was never reached"
            time.sleep(0.01)
        return child

    def log(self) -> list[str]:
        """The stages that were reached, in order."""
        path = self.folder / "log"
        return path.read_text().split() if path.exists() else []

    def artefacts(self, kind: str = "") -> list[Path]:
        """Folders of finished artefacts, of one kind of step or of all."""
        found = sorted((self.home / "store" / "artefacts").glob("*/*/manifest.json"))
        return [p.parent for p in found if f'"step": "{kind}' in p.read_text()]


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(TOY))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(TOY), str(ROOT), str(ROOT / "plugins"))))
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TOY_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("IRFER_BENCH_FIGURES", "none")  # they take longer than the toy's cells
    for name in ("IRFER_BENCH_WEIGHTS", "IRFER_BENCH_TRACEBACK", "TOY_PAUSE", "TOY_OBSERVER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    made = Preparer(tmp_path, capsys)
    yield made
    for child in made.children:
        if child.poll() is None:
            child.kill()
        child.communicate()
