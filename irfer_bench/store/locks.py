"""One lock per key, released by the system when the process that holds it dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def lock(folder: Path, key: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the lock on `key`; `waiting` is called once if another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    file_lock = FileLock(folder / f"{key}.lock")
    try:
        file_lock.acquire(timeout=0)
    except Timeout:
        waiting()
        file_lock.acquire()
    try:
        yield
    finally:
        file_lock.release()


@contextmanager
def try_lock(folder: Path, key: str) -> Iterator[bool]:
    """Hold the lock on `key` if nobody else does; tells whether it is held."""
    folder.mkdir(parents=True, exist_ok=True)
    file_lock = FileLock(folder / f"{key}.lock")
    try:
        file_lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        file_lock.release()
