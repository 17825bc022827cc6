"""Forks of a process that has imported what the tests need; one fork runs the tests once."""

from __future__ import annotations

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any, NoReturn

from tests.mutation.child import sitecustomize as changed

CHILD = Path(changed.__file__).parent
ENOUGH_BYTES = 6 * 2**30


@dataclass(frozen=True)
class Ended:
    """How a fork ended.

    Args:
        answer: what its function returned, as JSON; None where it was ended.
        why: "" or the reason why there is no answer.
    """

    answer: Any
    why: str
    seconds: float


def in_fork(
    work: Callable[[Path], Any], wall: float, heap: int | None = ENOUGH_BYTES, quiet: bool = True
) -> Ended:
    """Call `work(scratch)` in a fork and return its answer; all its processes are ended after.

    What a quiet one prints goes to the file `out` of the scratch folder, which is deleted. `wall`
    limits seconds on the clock, `heap` the memory of each process.
    """
    scratch = Path(tempfile.mkdtemp(prefix="mutation-"))
    sys.stdout.flush()
    begun = time.monotonic()
    process = os.fork()
    if process == 0:
        run_child(work, scratch, heap, quiet)
    try:
        status = wait_for(process, begun + wall)
        answer = scratch / "answer"
        why = "" if answer.is_file() else reason_of(status)
        found = json.loads(answer.read_text("utf-8")) if not why else None
        return Ended(found, why, time.monotonic() - begun)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(process, 0)
        shutil.rmtree(scratch, ignore_errors=True)


def run_child(
    work: Callable[[Path], Any], scratch: Path, heap: int | None, quiet: bool
) -> NoReturn:
    """The fork's own part; it never returns."""
    code = 1
    try:
        os.setsid()
        if heap:
            resource.setrlimit(resource.RLIMIT_DATA, (heap, heap))
        if quiet:
            out = os.open(scratch / "out", os.O_CREAT | os.O_WRONLY)
            os.dup2(out, 1)
            os.dup2(out, 2)
        answer = work(scratch)
        (scratch / "answer.part").write_text(json.dumps(answer), "utf-8")
        (scratch / "answer.part").rename(scratch / "answer")
        code = 0
    except BaseException:  # noqa: BLE001  the process ends here, whatever happened
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait_for(process: int, until: float) -> int | None:
    """Its status, or None where it still ran at that moment."""
    pause = 0.001
    while time.monotonic() < until:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return status
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    return None


def reason_of(status: int | None) -> str:
    """Why a fork gave no answer."""
    if status is None:
        return "the time on the clock"
    number = os.waitstatus_to_exitcode(status)
    if number == -signal.SIGPROF:
        return "the processor time"
    return f"signal {-number}" if number < 0 else f"exit code {number}"


def isolate(scratch: Path) -> None:
    """A home and a temporary folder of this fork alone."""
    for name in ("home", "tmp"):
        (scratch / name).mkdir()
    os.environ["IRFER_BENCH_HOME"] = str(scratch / "home")
    os.environ["TMPDIR"] = str(scratch / "tmp")
    tempfile.tempdir = None


def change(name: str, file: Path, source: str, scratch: Path) -> None:
    """Have a module imported from changed source, in child processes of this fork too."""
    (scratch / "changed.py").write_text(source, "utf-8")
    os.environ[changed.NAME] = name
    os.environ[changed.FILE] = str(file)
    os.environ[changed.SOURCE] = str(scratch / "changed.py")
    known = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(CHILD), *([known] if known else [])])
    changed.install()


class NeedsTheModule(BaseException):
    """Ends an import that needs a module which is going to be changed."""


class Refusing:
    """Finds no module, but ends the import of some."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, fullname: str, *_where: object) -> ModuleSpec | None:
        if fullname in self.names:
            raise NeedsTheModule
        return None


def import_ahead(names: Iterable[str], without: Iterable[str]) -> None:
    """Import what does not import some modules, so that forks need not."""
    refusing = Refusing(without)
    sys.meta_path.insert(0, refusing)
    try:
        for name in names:
            with suppress(NeedsTheModule, Exception):
                importlib.import_module(name)
    finally:
        sys.meta_path.remove(refusing)
