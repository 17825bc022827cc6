"""`python -m tests.benchmarks.endurance`: preparation killed ten times, and 100,000 images.

Minutes, gigabytes of disk, no figure in the table: what it prints is a check, not a race.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.data import draw_images

KILLS = 10
SETTING = "folder_vis_supervised"


def main(images: int = 10_000, many: int = 100_000) -> None:
    """Kill and resume `images`, then prepare and read `many`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_images(folder / "root", images)
        whole, _ = _prepare(folder / "root", folder / "whole")
        killed = _kill_and_resume(folder / "root", folder / "killed", whole["seconds"])
        same = _digests(whole) == _digests(killed) and whole["crops"] == killed["crops"]
        say(f"{images} images, killed {KILLS} times: {'the same' if same else 'NOT THE SAME'}")
        say(f"  files made twice: {killed['twice']}, lost: {killed['lost']}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_images(folder / "root", many, size=(64, 64))
        made, peak = _prepare(folder / "root", folder / "home")
        say(f"{many} images prepared in {made['seconds']:.0f} s, peak {peak:.0f} MB a process")
        say(f"  read once more: {_read(made['folder'])}")


def say(text: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _command(root: Path) -> list[str]:
    words = ["data", "prepare", "folder", "-s", SETTING, "--data-root", str(root), "--json"]
    return [sys.executable, "-m", "irfer_bench", *words]


def _prepare(root: Path, home: Path) -> tuple[dict[str, Any], float]:
    begun = time.monotonic()
    environment = os.environ | {"IRFER_BENCH_HOME": str(home)}
    done = subprocess.run(_command(root), env=environment, check=True, stdout=subprocess.PIPE)
    (row,) = json.loads(done.stdout)["prepared"]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return row | {"seconds": time.monotonic() - begun}, peak


def _kill_and_resume(root: Path, home: Path, seconds: float) -> dict[str, Any]:
    rng, environment = random.Random(0), os.environ | {"IRFER_BENCH_HOME": str(home)}
    stamps: dict[str, int] = {}
    twice = lost = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            _command(root), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(rng.uniform(0.1, 1) * seconds / 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.5)  # the workers see that they are alone
        here = {p.name: p.stat().st_mtime_ns for p in home.glob("store/**/clips-*.arrow")}
        twice += sum(stamps.get(name, stamp) != stamp for name, stamp in here.items())
        lost += len(stamps.keys() - here.keys())
        stamps |= here
        say(f"  killed with {len(here)} files finished")
    return _prepare(root, home)[0] | {"twice": twice, "lost": lost}


def _digests(made: dict[str, Any]) -> list[str]:
    paths = sorted(Path(made["folder"]).glob("clips-*.arrow"))
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def _read(folder: str) -> str:
    """Every pixel in a process of its own; memory that is not the files' own pages."""
    program = (
        "import sys, time; from pathlib import Path; "
        "from irfer_bench.data.clips import StoredClips; "
        "begun = time.monotonic(); view = StoredClips(Path(sys.argv[1]), 'key').view(); "
        "total = sum(int(clip.frames.sum()) for clip in view); "
        "status = Path('/proc/self/status').read_text(); "
        "own = next(x for x in status.splitlines() if x.startswith('RssAnon')); "
        "print(f'{len(view) / (time.monotonic() - begun):.0f} clips/s, {own}')"
    )
    words = [sys.executable, "-c", program, folder]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
