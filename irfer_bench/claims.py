"""Who is building what: one lock per key, released by the system when its holder dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def claim(folder: Path, key: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the claim on `key`; `waiting` is called once if another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def try_claim(folder: Path, key: str) -> Iterator[bool]:
    """Hold the claim on `key` if nobody else does; tells whether it is held."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
