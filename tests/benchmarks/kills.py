"""`python -m tests.benchmarks.kills [TIMES]`: a suite in two worker processes, killed at random.

Twenty cheap cells run under `--executor local --workers 2`. Half of the kills hit the host, half a
worker, after a random number of artefacts. After each one the store and the results are looked at;
the next run goes on, and where it finishes, everything must equal what one process made without
interruption.
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
SEEDS = [word for seed in range(5) for word in ("--seed", str(seed))]
GRID = "run -d toy -t toy_raw -t toy_shift -r toy_means --threads 1 --fold 1 --fold 2"
WORDS = [*GRID.split(), *SEEDS]
LOCAL = ["--executor", "local", "--workers", "2"]
CELLS = 20


@dataclass
class Suite:
    """The cells in one home folder, and what was found wrong."""

    folder: Path
    faults: list[str] = field(default_factory=list)
    finished: dict[str, int] = field(default_factory=dict)

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
                self.faults.append(f"{path.name} is half written")
        return found

    def count(self) -> int:
        """Artefacts that are finished."""
        return sum(1 for _ in self.folder.glob("store/artefacts/*/*/manifest.json"))

    def check(self) -> None:
        """What is finished is whole, was finished once, and no process is left."""
        ending = time.monotonic() + 20
        while list(self.processes()):
            if time.monotonic() > ending:
                self.faults.append(f"processes are left: {list(self.processes())}")
                break
            time.sleep(0.02)
        said: list[str] = []
        store = Store(self.folder / "store", said.append)
        here = {}
        for manifest in self.folder.glob("store/artefacts/*/*/manifest.json"):
            here[manifest.parent.name] = manifest.stat().st_mtime_ns
            if store.get(manifest.parent.name) is None:
                self.faults.append(f"artefact {manifest.parent.name[:8]} is damaged: {said}")
        for key, stamp in self.finished.items():
            if here.get(key) != stamp:
                self.faults.append(f"artefact {key[:8]} was lost or made twice")
        self.finished = here
        self.records()

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
            self.faults.append(f"{len(mine)} records, {len(theirs)} were due")
        for name in mine.keys() & theirs.keys():
            for fact in ("outcome", "metrics", "confusion", "key"):
                if mine[name][fact] != theirs[name][fact]:
                    self.faults.append(f"{name}: another {fact}")
        for path in other.out.glob("predictions/*/*"):
            twin = self.out / path.relative_to(other.out)
            if not twin.is_file() or twin.read_bytes() != path.read_bytes():
                self.faults.append(f"{path.name}: other predictions")
        pages = (self.out / "toy_weak.md", other.out / "toy_weak.md")
        if not all(page.is_file() for page in pages):
            self.faults.append("a board is missing")


def main(times: int = 40, seed: int = 0) -> list[str]:
    """Kill so often; the faults."""
    rng = random.Random(seed)
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
            _say(f"kill {kills}: {left}")
            if done:
                whole += 1
                suite.compare(reference)
                faults += suite.faults
                shutil.rmtree(suite.folder)
                suite = Suite(suite.folder)
        while suite.folder.exists() and suite.start(*LOCAL).wait():
            suite.check()
        if suite.folder.exists():
            suite.compare(reference)
        faults += suite.faults
    _say(f"{times} kills, {whole + 1} whole suites compared, {len(faults)} faults")
    return faults


def _run_and_kill(suite: Suite, rng: random.Random, most: int) -> tuple[bool, bool]:
    """Run, kill host or worker when a random number of artefacts is there or a little later.

    Returns:
        Whether something was killed, and whether the suite was finished all the same.
    """
    host = suite.start(*LOCAL)
    if len(suite.finished) >= most - 3:  # what is left is too short to be hit
        return False, host.wait() == 0
    wanted = rng.randrange(len(suite.finished), most)
    while suite.count() < wanted and host.poll() is None:
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.1))
    if host.poll() is not None:
        return False, host.returncode == 0
    others = [pid for pid in suite.processes() if pid != host.pid]
    victim = rng.choice([host.pid, rng.choice(others)]) if others else host.pid
    with suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    return True, host.wait() == 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    found = main(*map(int, sys.argv[1:]))
    for fault in found:
        _say(fault)
    sys.exit(bool(found))
