"""Start-up: processor time of whole commands, against an interpreter that does nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.third_party.installing import TOY

BARE = ("-c", "pass")
CACHED = "run --setting toy_weak -t toy_shift -r toy_means --fold 1 --out out"


def show_help(tiny: bool) -> tuple[float, float]:
    """`irfer-bench --help`."""
    return _against_bare(("-m", "irfer_bench", "--help"))


def list_all(tiny: bool) -> tuple[float, float]:
    """`irfer-bench list`."""
    return _against_bare(("-m", "irfer_bench", "list"))


def cached_run(tiny: bool) -> tuple[float, float]:
    """`irfer-bench run` of a cell whose steps are all in the store, with its board and images."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join(filter(None, (str(TOY), os.environ.get("PYTHONPATH", ""))))
        own = dict(os.environ, IRFER_BENCH_HOME=folder, PYTHONPATH=path)
        command = ("-m", "irfer_bench", *CACHED.split())
        _processor_seconds(command, own, folder)
        return _against_bare(command, own, folder)


def _against_bare(
    words: Sequence[str], environment: dict[str, str] | None = None, folder: str | None = None
) -> tuple[float, float]:
    environment = environment or dict(os.environ)
    _processor_seconds(words, environment, folder)  # the first run may have to compile
    ours, bare = (
        min(_processor_seconds(each, environment, folder) for _ in range(3))
        for each in (words, BARE)
    )
    return ours, bare


def _processor_seconds(
    words: Sequence[str], environment: dict[str, str], folder: str | None
) -> float:
    """User and system time of one child; the waiting of a busy machine is not in it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment, cwd=folder and Path(folder), check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
