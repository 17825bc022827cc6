"""Build a plugin's wheel and install it where only a child process sees it; no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
BLURNET = HERE / "irfer-bench-blurnet"
TOY = HERE.parent / "irfer_bench" / "toy"
"""An already installed folder with a generated dataset of 8-pixel images."""


def install(work: Path, *sources: Path) -> Path:
    """The site folder that holds the built and installed distributions of some source trees."""
    wheels, site = work / "wheels", work / "site"
    trees = [shutil.copytree(source, work / "trees" / source.name) for source in sources]
    _pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", wheels, *trees)
    built = sorted(wheels.glob("*.whl"))
    assert len(built) == len(sources)
    _pip("install", "--no-index", "--no-deps", "--target", site, *built)
    return site


def run(words: Sequence[str | Path], sites: Sequence[Path], home: Path, **more: str) -> Result:
    """Run Python in a child that sees the site folders before everything else."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("IRFER_BENCH_")}
    environment |= {
        "PYTHONPATH": os.pathsep.join(map(str, sites)), "IRFER_BENCH_HOME": str(home),
        "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
    } | more
    return subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, env=environment,
        timeout=300, check=False, cwd=home,
    )


def bench(words: str, sites: Sequence[Path], home: Path, **more: str) -> Result:
    """Run `irfer-bench` with these words."""
    return run(["-m", "irfer_bench", *words.split()], sites, home, **more)


Result = subprocess.CompletedProcess[str]


def _pip(*words: str | Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *map(str, words)],
        capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, f"pip {words[0]}: {done.stdout}{done.stderr}"
