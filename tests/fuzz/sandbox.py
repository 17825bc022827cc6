"""What an input may do: the rules that hold for every one, checked in the process that reads it.

No exception but an expected error, no write outside home and `--out`, no more than 10 s of
processor time, no more than 2 GB. The rules are checked below the entry point: an unexpected
exception counts even where a last resort would turn it into a line.
"""

from __future__ import annotations

import io
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.errors import BenchError

SECONDS, MEMORY, PATIENCE = 10.0, 2 * 2**30, 120.0
"""Processor seconds, bytes, and seconds by the clock for what waits without computing."""
LINE = 6000
"""Characters of a message above which it is no line that anybody reads."""
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {  # audit event: which of its arguments are paths
    "os.mkdir": (0,), "os.rename": (0, 1), "os.remove": (0,), "os.rmdir": (0,), "os.link": (1,),
    "os.symlink": (1,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,),
    "shutil.rmtree": (0,), "shutil.move": (0, 1), "shutil.copyfile": (1,),
}  # fmt: skip
FOLDERS = {"os.mkdir": (2,), "os.rename": (2, 3), "os.remove": (1,), "os.rmdir": (1,),
           "os.symlink": (2,), "os.chmod": (2,), "os.utime": (3,)}  # fmt: skip
"""Which of its arguments are open folders that relative paths begin at."""
REFUSED = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.kill",
           "socket.connect", "socket.getaddrinfo", "ctypes.dlopen", "pty.spawn")  # fmt: skip


class HangError(BaseException):
    """Raised inside what runs too long; no `except Exception` catches it."""


@dataclass
class Verdict:
    """How one input ended.

    Args:
        outcome: `accepted`, `refused` or `fault`. code: exit code of a refusal.
        fault: what rule was broken, and where; empty otherwise.
        where: the innermost line of this project, by which faults are told apart.
    """

    outcome: str = "accepted"
    code: int = 0
    said: str = ""
    fault: str = ""
    where: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0

    def to_builtins(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Guard:
    """Judges calls; `allowed` are the folders that may be written to."""

    allowed: Sequence[Path]
    active: bool = False
    events: list[str] = field(default_factory=list)
    _roots: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        sys.dont_write_bytecode = True
        sys.addaudithook(self._audit)

    def judge(
        self, call: Callable[[], object], codes: Sequence[int], also: Sequence[Path] = ()
    ) -> Verdict:
        """Call and say how it ended.

        Args:
            codes: exit codes that a refusal may have. also: further folders for writing.
        """
        verdict, self.events = Verdict(), []
        self._roots = _prefixes((*self.allowed, *also))
        out, err = _stream("strict"), _stream("backslashreplace")
        before = _memory("VmRSS")
        _reset_peak()
        begun = time.process_time()
        try:
            with redirect_stdout(out), redirect_stderr(err), _limits(), self._watching():
                result = call()
                verdict.code = result if isinstance(result, int) else 0
        except BenchError as error:
            verdict.outcome, verdict.code, verdict.said = "refused", error.exit_code, str(error)
        except SystemExit as error:
            verdict.code = error.code if isinstance(error.code, int) else 1
        except HangError as error:
            verdict.fault, verdict.where = str(error), _where(error)
        except BaseException as error:  # noqa: BLE001  that is what is looked for
            verdict.fault, verdict.where = _describe(error), _where(error)
        verdict.seconds = time.process_time() - begun
        verdict.megabytes = (_memory("VmHWM") - before) / 1024
        written = [*_written(out), *_written(err), verdict.said]
        verdict.fault = verdict.fault or self._broken(verdict, written, codes)
        if verdict.fault:
            verdict.outcome = "fault"
        elif verdict.code:
            verdict.outcome = "refused"
        return verdict

    def _broken(self, verdict: Verdict, written: Sequence[str], codes: Sequence[int]) -> str:
        if self.events:
            return self.events[0]
        if verdict.megabytes * 2**20 > MEMORY:
            return f"took {verdict.megabytes:.0f} MB"
        if verdict.seconds > SECONDS:
            return f"took {verdict.seconds:.1f} s"
        if verdict.code not in (0, *codes):
            return f"exit code {verdict.code}: {verdict.said[:300]}"
        if any("Traceback (most recent" in text for text in written):
            return "printed a traceback"
        if len(verdict.said) > LINE:
            return f"a message of {len(verdict.said)} characters: {verdict.said[:200]}"
        for text in written[:-1]:
            if found := CONTROL.search(text):
                return f"printed {found[0]!r}: {text[max(found.start() - 100, 0) :][:200]!r}"
        return ""

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            path, mode, flags = args
            writes = (isinstance(mode, str) and set(mode) & set("wax+")) or (flags or 0) & WRITES
            if writes and not isinstance(path, int):
                self._look("open", path)
        elif event in PATHS:
            folders = [args[number] for number in FOLDERS.get(event, ()) if number < len(args)]
            for place, number in enumerate(PATHS[event]):
                if not isinstance(args[number], int):
                    self._look(event, args[number], (*folders, -1, -1)[place])
        elif event in REFUSED and event != "ctypes.dlopen":
            self.events.append(f"{event} {str(args)[:200]}")

    def _look(self, event: str, path: Any, folder: int = -1) -> None:
        base = "" if folder < 0 else str(Path(f"/proc/self/fd/{folder}").readlink())
        place = os.path.realpath(os.path.join(base, os.fsdecode(path)))  # noqa: PTH118  may be bytes
        if not f"{place}/".startswith(self._roots):
            self.events.append(f"{event} writes {place} (given {path!r})")

    @contextmanager
    def _watching(self) -> Iterator[None]:
        self.active = True
        try:
            yield
        finally:
            self.active = False


def _prefixes(folders: Sequence[Path]) -> tuple[str, ...]:
    return (*(f"{os.path.realpath(path)}/" for path in folders), "/dev/null/", "/proc/self/")


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"


def _where(error: BaseException) -> str:
    """The innermost frame of this project, with its function."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "irfer_" in frame.filename and "/tests/" not in frame.filename
    ] or traceback.extract_tb(error.__traceback__)
    last = own[-1]
    return f"{'/'.join(Path(last.filename).parts[-3:])}:{last.name}:{last.lineno}"


@contextmanager
def _limits() -> Iterator[None]:
    """Stops what computes or waits too long, and what asks for too much memory."""

    def stop(number: int, frame: object) -> None:
        what = f"{SECONDS:.0f} s of processor" if number == signal.SIGPROF else f"{PATIENCE:.0f} s"
        raise HangError(f"took more than {what}")

    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, stop)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_memory("VmSize") * 1024 + MEMORY, hard))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _memory(name: str) -> int:
    """A line of /proc/self/status, in KiB."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as stream:  # noqa: PTH123
        return next((int(line.split()[1]) for line in stream if line.startswith(name)), 0)


def _reset_peak() -> None:
    with open("/proc/self/clear_refs", "w", encoding="ascii") as stream:  # noqa: PTH123
        stream.write("5")


def _stream(errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors, write_through=True)


def _written(stream: io.TextIOWrapper) -> list[str]:
    raw: Any = stream.buffer
    return [raw.getvalue().decode("utf-8", "replace")]
