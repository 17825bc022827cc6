"""What the entry point does about closed streams, signals and errors that no command expects."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper

TYPE_CHECKING = False  # as in the entry point
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeGuard

NAMES = (errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.ENOTDIR)
"""Errors of a name that was asked for; all others are the system's refusals."""
TRACEBACK = "IRFER_BENCH_TRACEBACK"


def open_streams() -> None:
    """Put the null device in place of closed streams, and let no character stop an output.

    Without it the first file that is opened gets the number of standard output, and whatever a
    library prints is written into that file.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number
            mode = "w" if number else "r"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123  kept open
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")


def guard(command: Callable[[], int], *, owns_process: bool = False) -> int:
    """The exit code of a command; what goes wrong is one line on standard error.

    Args:
        owns_process: the process ends with the command: further signals are then ignored.
    """
    try:
        code = command()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _interrupted(owns_process)
    except SystemExit:  # argparse's, after the help or a wrong option
        lost = _drop_stdout()
        if lost is None or isinstance(lost, BrokenPipeError):
            raise
        return _lost(lost)
    except BrokenPipeError:
        _drop_stdout()
        return 0
    except (OSError, RecursionError, UnicodeError) as error:
        if os.environ.get(TRACEBACK) and not _is_long_name(error):
            raise
        return _unexpected(error)
    except Exception as error:
        from irfer_bench.errors import BenchError

        if not isinstance(error, BenchError) or os.environ.get(TRACEBACK):
            raise
        _say(str(error))
        return error.exit_code
    return code


def _interrupted(owns_process: bool) -> int:
    import signal

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    _say("interrupted; finished steps are kept, run again to go on")
    if not owns_process:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    return 130


def _is_long_name(error: Exception) -> TypeGuard[OSError]:
    return isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG


def _unexpected(error: Exception) -> int:
    nameless = isinstance(error, OSError) and error.filename is None
    lost = _drop_stdout("\n" if nameless else "")
    if lost is not None:
        return _lost(lost)
    if isinstance(error, RecursionError):
        _say("something that was read is nested too deep")
        return 4
    if _is_long_name(error):
        _say(f"no file can have the name {str(error.filename)[:60]}… (over 255 characters)")
        return 2
    _say(f"{type(error).__name__}: {error}; {TRACEBACK}=1 shows where")
    return 2 if isinstance(error, OSError) and error.errno in NAMES else 4


def _lost(error: OSError) -> int:
    _say(f"standard output cannot be written: {error.strerror}; send it to another place")
    return 4


def _drop_stdout(text: str = "") -> OSError | None:
    """The error of a standard output that takes no more; the null device takes its place then.

    Args:
        text: written to find out: without a buffer nothing is left over from a write that failed.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def _say(text: str) -> None:
    from irfer_bench.render.layout import say

    say(f"irfer-bench: {text}")
