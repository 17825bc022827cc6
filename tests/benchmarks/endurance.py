"""`python -m tests.benchmarks.endurance WHAT`: large or many, looked at for faults.

`images`: preparation killed ten times, and 100,000 images (minutes, gigabytes of disk).
`boards [ROUNDS [PROCESSES]]`: processes that share one store and one `--out` leave no stale board.
`components [NUMBER]`: so many of one plugin are announced and listed.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from irfer_bench.cli import main
from irfer_bench.engine.boards import find_stale
from tests.benchmarks.data import draw_images
from tests.benchmarks.kills import TOY
from tests.irfer_bench.distributions import write_distribution

KILLS = 10
SETTING = "folder_vis_supervised"


def prepare(images: int = 10_000, many: int = 100_000) -> None:
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


def race(rounds: int = 100, processes: int = 16) -> int:
    """Cached cells run at once into one folder; rounds with a stale board or a lost record.

    Each round has a new folder, and each process another cell; all begin together.
    """
    stale = lost = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {"IRFER_BENCH_HOME": str(folder / "home"), "IRFER_BENCH_FIGURES": "none"}
        os.environ.update(environment)
        sys.path.insert(0, str(TOY))
        _run_toy(folder / "first", range(processes))
        for number in range(rounds):
            out = folder / f"out{number}"
            gate = multiprocessing.get_context("fork").Barrier(processes)
            children = [_fork(out, seed, gate) for seed in range(processes)]
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            written = len(list(out.glob("records/*/*.json")))
            stale += bool(find_stale(out, ["toy_weak"], "markdown"))
            lost += written != processes or any(codes)
            say(f"  round {number + 1}: {written} records, {stale} stale, {lost} incomplete")
            shutil.rmtree(out)
    say(f"{rounds} rounds of {processes} processes: {stale} stale boards, {lost} incomplete")
    return stale + lost


def _fork(out: Path, seed: int, gate: Any) -> int:
    """A process that waits for the others and runs one cell."""
    child = os.fork()
    if not child:
        code = 1
        try:
            gate.wait()
            code = _run_toy(out, [seed])
        finally:
            os._exit(code)
    return child


def _run_toy(out: Path, seeds: Iterable[int]) -> int:
    words = ["run", "-d", "toy", "-t", "toy_raw", "-r", "toy_means", "--fold", "1", "--json"]
    words += [word for seed in seeds for word in ("--seed", str(seed))]
    with Path(os.devnull).open("w") as null, redirect_stdout(null), redirect_stderr(null):
        return main([*words, "--out", str(out)])


def announce(number: int = 100_000) -> float:
    """Seconds of processor time of `list translators --json` with so many of a third party."""
    text = (
        "from irfer_bench.api import Component, hookimpl\n"
        "@hookimpl\ndef irfer_bench_components():\n"
        f"    for k in range({number}):\n"
        "        yield Component('translator', f'many_{k}', 'nowhere:Nothing', summary='one')\n"
    )
    with tempfile.TemporaryDirectory() as name:
        site = write_distribution(Path(name), "irfer-many", {"many": text}, {"many": "many"})
        path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        environment = os.environ | {"PYTHONPATH": path, "IRFER_BENCH_HOME": name}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "irfer_bench", "list", "translators", "--json"]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    listed = len(json.loads(done.stdout)["components"])
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say(f"{listed} translators listed in {seconds:.1f} s of processor time")
    return seconds


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
    what, *numbers = sys.argv[1:] or ["images"]
    parts = {"images": prepare, "boards": race, "components": announce}
    parts[what](*map(int, numbers))
