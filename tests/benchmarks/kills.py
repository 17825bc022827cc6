"""`python -m tests.benchmarks.kills [TIMES]`: a suite in two worker processes, killed at random.

Cheap cells run under `--executor local --workers 2`. Each kill hits the host or a worker, nine of
ten after a random number of artefacts, one of ten after a random time, such as while the processes
start. After each kill of the host the store and the results are looked at; the next run
goes on, and where it finishes, everything must equal what one process made without interruption.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.store.artefacts import Store

ROOT = Path(__file__).parents[2]
TOY = ROOT / "tests" / "irfer_bench" / "toy"
SEEDS = [word for seed in range(15) for word in ("--seed", str(seed))]
GRID = "run -d toy -t toy_raw -t toy_shift -r toy_means --threads 1 --fold 1 --fold 2"
WORDS = [*GRID.split(), *SEEDS]
LOCAL = ["--executor", "local", "--workers", "2"]
CELLS = 60
LEAP = 20
"""Artefacts after which the next kill comes at the latest."""
LATE = 2
"""Kills of a suite that has all its artefacts, before it may finish."""
KINDS = ("lost", "doubled", "half", "different", "left")


@dataclass
class Suite:
    """The cells in one home folder, and what was found wrong."""

    folder: Path
    faults: list[tuple[str, str]] = field(default_factory=list)
    finished: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    late: int = 0

    def fault(self, kind: str, text: str) -> None:
        """Note and tell what is wrong, by one of `KINDS`."""
        _say(f"{kind}: {text}")
        self.faults.append((kind, text))

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Begin or go on."""
        path = os.pathsep.join(map(str, (TOY, ROOT, ROOT / "plugins")))
        environment = os.environ | {"IRFER_BENCH_HOME": str(self.folder), "PYTHONPATH": path}
        command = [sys.executable, "-m", "irfer_bench", *WORDS, "--out", str(self.out), *words]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet)

    @property
    def out(self) -> Path:
        return self.folder / "results"

    def records(self) -> dict[str, Any]:
        """By file name; a file that is not whole is a fault."""
        found = {}
        for path in self.out.glob("records/*/*.json"):
            try:
                found[path.name] = json.loads(path.read_text())
            except ValueError:
                self.fault("half", f"record {path.name}")
        return found

    def count(self) -> int:
        """Artefacts that are finished."""
        return sum(1 for _ in self.folder.glob("store/artefacts/*/*/manifest.json"))

    def check(self) -> None:
        """What is finished is whole, was finished once, and no process is left."""
        ending = time.monotonic() + 60
        while list(self.processes()):
            if time.monotonic() > ending:
                self.fault("left", f"processes {list(self.processes())}")
                break
            time.sleep(0.02)
        said: list[str] = []
        store = Store(self.folder / "store", said.append)
        here = {}
        for manifest in self.folder.glob("store/artefacts/*/*/manifest.json"):
            here[manifest.parent.name] = manifest.stat().st_mtime_ns
            if store.get(manifest.parent.name) is None:
                self.fault("half", f"artefact {manifest.parent.name[:8]}: {said}")
        self._compare_stamps("artefact", self.finished, here)
        self.finished = here
        self._check_results()

    def _check_results(self) -> None:
        cells = [tuple(map(str, record["cell"].values())) for record in self.records().values()]
        for _ in range(len(cells) - len(set(cells))):
            self.fault("doubled", "two records of one cell")
        here = {}
        failed = {name for name, record in self.records().items() if record["outcome"] != "ok"}
        for path in self.out.glob("[pr]*/*/*.json"):
            if path.name not in failed:  # which a result replaces
                here[str(path.relative_to(self.out))] = path.stat().st_mtime_ns
            try:
                json.loads(path.read_bytes())
            except ValueError:
                self.fault("half", path.name)
        self._compare_stamps("file", self.written, here)
        self.written = here

    def _compare_stamps(self, what: str, before: dict[str, int], now: dict[str, int]) -> None:
        for name, stamp in before.items():
            if name not in now:
                self.fault("lost", f"{what} {name}")
            elif now[name] != stamp:
                self.fault("doubled", f"{what} {name} was made twice")

    def processes(self) -> Iterator[int]:
        """Living processes of this home folder."""
        own = f"IRFER_BENCH_HOME={self.folder}".encode()
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (place / "stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    continue
                if own in (place / "environ").read_bytes().split(b"\0"):
                    yield int(place.name)

    def compare(self, other: Suite) -> None:
        """Records and predictions equal the other's."""
        mine, theirs = self.records(), other.records()
        if mine.keys() != theirs.keys() or len(mine) != CELLS:
            self.fault("lost", f"{len(mine)} records, {len(theirs)} were due")
        for name in mine.keys() & theirs.keys():
            for fact in ("outcome", "metrics", "confusion", "key"):
                if mine[name][fact] != theirs[name][fact]:
                    self.fault("different", f"{name}: {fact}")
        for path in other.out.glob("predictions/*/*"):
            twin = self.out / path.relative_to(other.out)
            if not twin.is_file():
                self.fault("lost", path.name)
            elif twin.read_bytes() != path.read_bytes():
                self.fault("different", path.name)
        if not (self.out / "toy_weak.md").is_file():
            self.fault("lost", "the board")
        for path in self.folder.rglob("*.irfer.tmp"):
            self.fault("left", f"draft {path.name}")


def main(times: int = 40, seed: int = 0) -> list[tuple[str, str]]:
    """Kill so often; the faults."""
    rng, begun = random.Random(seed), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        reference = Suite(Path(name) / "reference")
        reference.folder.mkdir()
        reference.start().wait()
        most = reference.count()
        suite, faults, whole, kills = Suite(Path(name) / "killed"), [], 0, 0
        while kills < times:
            suite.folder.mkdir(exist_ok=True)
            killed, done = _run_and_kill(suite, rng, most)
            suite.check()
            kills += killed
            left = f"{len(suite.finished)} artefacts, {len(suite.records())} records"
            _say(f"{kills} kills: {left}, {len(faults) + len(suite.faults)} faults")
            if done:
                whole += 1
                suite.compare(reference)
                faults += suite.faults
                shutil.rmtree(suite.folder)
                suite = Suite(suite.folder)
        if suite.folder.exists():
            while suite.start(*LOCAL).wait():
                suite.check()
            suite.check()
            suite.compare(reference)
            whole += 1
        faults += suite.faults
    count = ", ".join(f"{sum(kind == each for kind, _ in faults)} {each}" for each in KINDS)
    minutes = (time.monotonic() - begun) / 60
    _say(f"{times} kills, {whole} suites of {CELLS} cells compared, {minutes:.0f} min: {count}")
    return faults


def _run_and_kill(suite: Suite, rng: random.Random, most: int) -> tuple[int, bool]:
    """Run, and kill a worker or the host until the host has ended.

    Returns:
        How often something was killed, and whether the suite was finished all the same.
    """
    host, kills = suite.start(*LOCAL), 0
    while True:
        _wait_at_random(suite, rng, most, host)
        if host.poll() is not None:
            return kills, host.returncode == 0
        workers = [pid for pid in suite.processes() if pid != host.pid]
        victim = rng.choice([host.pid, *workers])
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            kills += 1
        if victim == host.pid:
            return kills, host.wait() == 0


def _wait_at_random(
    suite: Suite, rng: random.Random, most: int, host: subprocess.Popen[bytes]
) -> None:
    """Until some more artefacts are there, or for a time while processes start or pages are made.

    An artefact that is there is not waited for, and neither is one that is beyond the last. A suite
    with all of them is killed `LATE` times and then left to finish, so that the next one begins.
    """
    have = suite.count()
    ended = have > most - 3
    suite.late += ended
    if rng.random() < 0.1 or ended:
        with suppress(subprocess.TimeoutExpired):
            host.wait(None if suite.late > LATE else rng.uniform(0, 1))
        return
    wanted = rng.randrange(have, min(have + LEAP, most))
    while suite.count() < wanted and host.poll() is None:
        time.sleep(0.005)
    time.sleep(rng.uniform(0, 0.1))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
