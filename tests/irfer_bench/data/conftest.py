"""Third-party data and detector, and `data prepare` of them in child processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.irfer_bench.conftest import ROOT
from tests.irfer_bench.distributions import write_distribution

ITEMS = 480


@dataclass
class Odd:
    """A stranger's data, and a home folder."""

    folder: Path
    home: str = "home"
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(
        self,
        *words: str,
        before: Callable[[], object] = lambda: None,
        program: str = "",
        **env: str,
    ) -> subprocess.Popen[str]:
        """`irfer-bench data prepare odd` by two workers, in a process group of its own.

        Args:
            program: Python text to run instead; it is given the data's folder.
        """

        def prepare() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            before()

        paths = (self.folder / "site", ROOT, ROOT / "plugins")
        tree = str(self.folder / "tree")
        command = ["-m", "irfer_bench", "data", "prepare", "odd", "--data-root", tree, *words]
        child = subprocess.Popen(
            [sys.executable, *(("-c", program, tree) if program else command)],
            cwd=self.folder,
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join(map(str, paths)),
                "IRFER_BENCH_HOME": str(self.folder / self.home),
                "IRFER_BENCH_WORKERS": "2",
            }
            | env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=prepare,
        )
        self.children.append(child)
        return child

    def run(self, *words: str, **env: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error."""
        child = self.start(*words, **env)
        out, err = child.communicate(timeout=120)
        return child.returncode, out, err

    def made(self, **env: str) -> Any:
        """What preparation says when it is left alone."""
        code, out, err = self.run("--json", **env)
        assert code == 0, err
        return json.loads(out)["prepared"][0]

    def read(self) -> list[str]:
        """Items that were decoded, in whatever process."""
        path = self.folder / "log"
        return path.read_text().split() if path.exists() else []


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("odd") / "tree"
    root.mkdir()
    rng = np.random.default_rng(0)
    for subject in range(6):
        for label in ("anger", "fear"):
            for number in range(ITEMS // 12):
                pixels = rng.integers(0, 256, (24, 24), np.uint8)
                Image.fromarray(pixels).save(root / f"s{subject}_{label}_{number:03d}.png")
    return root


@pytest.fixture
def odd(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("ODD", "IRFER_BENCH_TRACEBACK", "IRFER_BENCH_WEIGHTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ODD_LOG", str(tmp_path / "log"))
    text = (Path(__file__).parent / "odd.py").read_text()
    write_distribution(tmp_path / "site", "odd", {"odd": text}, {"odd": "odd"})
    (tmp_path / "tree").symlink_to(tree)
    made = Odd(tmp_path)
    yield made
    for child in made.children:
        if child.poll() is None:
            child.kill()
        child.communicate()
