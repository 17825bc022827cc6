"""Cached digests of large external files such as weights."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from irfer_bench import home
from irfer_bench.errors import DamagedError
from irfer_bench.store import keys
from irfer_bench.store.files import read_json, write_json
from irfer_bench.store.stamps import TICK, Stamp, stamp_of

_known: dict[str, tuple[Stamp, str]] = {}
_read: dict[str, Stamp] = {}
"""The files that this process has read itself, and what they looked like then."""
_again = False
_notes = True


def remembered_digest(path: Path) -> str:
    """sha256 of a file, read once for each size, mtime, ctime and inode that it has had.

    Raises:
        OSError: it is not there or cannot be read.
    """
    name, stamp = str(path.resolve()), stamp_of(path.stat())
    if name not in _known:
        _known[name] = _noted(name)
    if _known[name][0] != stamp or (_again and _read.get(name) != stamp):
        _known[name], _read[name] = (stamp, keys.digest_file(path)), stamp
        _note(name, stamp, _known[name][1])
    return _known[name][1]


@contextmanager
def reading_again() -> Iterator[None]:
    """Inside the block this process reads each file once itself and ignores cached digests."""
    global _again
    before, _again = _again, True
    try:
        yield
    finally:
        _again = before


@contextmanager
def noting_nothing() -> Iterator[None]:
    """Inside the block no digest is written to the home folder."""
    global _notes
    before, _notes = _notes, False
    try:
        yield
    finally:
        _notes = before


def _place(name: str) -> Path:
    return home.home() / "digests" / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def _noted(name: str) -> tuple[Stamp, str]:
    with suppress(DamagedError, KeyError, TypeError):
        known = read_json(_place(name))
        return [int(part) for part in known["stamp"]], str(known["sha256"])
    return [], ""


def _note(name: str, stamp: Stamp, digest: str) -> None:
    if not _notes or time.time_ns() - stamp[2] < 2 * TICK:  # it may change within this tick
        return
    # A read-only cache folder only costs the next run another reading.
    with suppress(OSError):
        write_json(_place(name), {"stamp": stamp, "sha256": digest})
