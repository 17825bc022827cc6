"""`python -m tests.benchmarks.kills [N]`: a suite under `local`, killed N times at random moments.

Twenty cheap cells, two workers, kill -9 of the run, of one worker or of both at once; the
interrupted runs are repeated until one ends by itself. Reports files lost, doubled or half written
against an undisturbed run; exit 1 where there is one. Default 40 kills.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "irfer_bench" / "toy"
SUITE = """
preset = "paper"
folds = [1, 2]
seeds = [0, 1]
settings = ["toy_weak"]
translators = ["none", "toy_raw", "toy_shift", "toy_partner", "identity"]
recognizers = ["toy_means"]
"""
WORKERS = ("--executor", "local", "--workers", "2")
CELLS = 20


def main(kills: int = 40, seed: int = 0) -> int:
    """Run undisturbed, then with kills, and compare."""
    random.seed(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "suite.toml").write_text(SUITE)
        begun = time.monotonic()
        assert run(folder, "whole").wait() == 0, (folder / "whole.log").read_text()
        seconds = time.monotonic() - begun
        done, disturbed = 0, 0
        while done < kills:
            reset(folder) if disturbed and finished(folder) else None
            child = run(folder, "killed")
            time.sleep(random.uniform(0, seconds))
            if child.poll() is None:
                kill_some(child)
                done += 1
            child.wait()
            disturbed += 1
            problems = list(half_written(folder / "killed"))
            say(f"{done} of {kills} kills, {count(folder / 'killed')} of {CELLS} records")
            if problems:
                return report(problems)
        assert run(folder, "killed").wait() == 0, (folder / "killed.log").read_text()
        problems = [*half_written(folder / "killed"), *differences(folder), *orphans(folder)]
        return report(problems)


def run(folder: Path, name: str) -> subprocess.Popen[bytes]:
    """The suite, in a process group of its own, its output in `<name>.log`."""
    sites = [str(TOY), str(ROOT), str(ROOT / "plugins")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sites),
        "IRFER_BENCH_HOME": str(folder / f"{name}-home"),
        "OMP_NUM_THREADS": "1",
    }
    words = ["run", str(folder / "suite.toml"), "--out", str(folder / name), *WORKERS]
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "irfer_bench", *words],
            stdout=log, stderr=log, env=environment, start_new_session=True, cwd=folder,
        )


def kill_some(child: subprocess.Popen[bytes]) -> None:
    """Kill -9 the run alone, one of its workers, or the whole group."""
    workers = children(child.pid)
    chosen = random.choice(["run", "worker", "all"])
    if chosen == "worker" and workers:
        os.kill(random.choice(workers), signal.SIGKILL)
        time.sleep(random.uniform(0, 0.5))
        chosen = random.choice(["run", "all"])
    if chosen == "all":
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


def children(pid: int) -> list[int]:
    """Processes started by a process."""
    try:
        tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in tasks.split()]


def count(out: Path) -> int:
    return len(list(out.glob("records/*/*.json")))


def finished(folder: Path) -> bool:
    return count(folder / "killed") == CELLS


def reset(folder: Path) -> None:
    """Begin again, since there is nothing left to interrupt."""
    for name in ("killed", "killed-home"):
        (folder / name).rename(folder / f"{name}.{time.monotonic_ns()}")


def half_written(out: Path) -> Iterator[str]:
    """Records and predictions that are no whole JSON."""
    for path in [*out.glob("records/*/*.json"), *out.glob("predictions/*/*.json")]:
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            yield f"half written: {path.name}"


def differences(folder: Path) -> Iterator[str]:
    """Records lost, doubled or different from those of the undisturbed run."""
    whole, killed = read(folder / "whole"), read(folder / "killed")
    for name in sorted(whole.keys() | killed.keys()):
        if name not in killed:
            yield f"lost: {name}"
        elif name not in whole:
            yield f"doubled: {name}"
        elif whole[name] != killed[name]:
            yield f"different: {name}"
    drafts = [p.name for p in (folder / "killed").rglob("*") if p.name.startswith(".")]
    yield from (f"left behind: {name}" for name in drafts)


def read(out: Path) -> dict[str, Any]:
    """Metrics and predictions by file name."""
    found: dict[str, Any] = {}
    for path in out.glob("records/*/*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        predictions = out / "predictions" / path.parent.name / path.name
        found[path.name] = record["metrics"], predictions.read_text(encoding="utf-8")
    return found


def orphans(folder: Path) -> Iterator[str]:
    """Processes of killed runs that are still there two seconds later."""
    time.sleep(2)
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words or ("run-cell" in words and "--worker" in words):
            yield f"orphan: {words[:120]}"


def report(problems: list[str]) -> int:
    say("\n".join(problems) or "nothing lost, doubled or half written; no process left")
    return int(bool(problems))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
