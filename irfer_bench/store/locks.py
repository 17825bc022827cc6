"""Locks on a store, released by the system when the process that holds them dies.

`flock` locks are used: a lock file's content and age have no meaning.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from irfer_bench.errors import DamagedError

HELD = (errno.EWOULDBLOCK, errno.EAGAIN)


@contextmanager
def lock(
    folder: Path,
    key: str,
    waiting: Callable[[], object] = lambda: None,
    *,
    shared: bool = False,
) -> Iterator[None]:
    """Hold the lock on `key`; `waiting` is called once where another process holds it.

    Args:
        shared: several processes may hold it at once; an exclusive lock excludes them.

    Raises:
        DamagedError: the file system of `folder` has no such locks.
    """
    handle = take(folder, key, shared=shared)
    if handle is None:
        waiting()
        handle = take(folder, key, shared=shared, wait=True)
    assert handle is not None
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def try_lock(folder: Path, key: str) -> Iterator[bool]:
    """Hold the exclusive lock on `key` if it is free; yields whether it is held."""
    handle = take(folder, key)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def take(folder: Path, key: str, *, shared: bool = False, wait: bool = False) -> int | None:
    """The open handle that holds a lock, or None where another process holds it.

    Raises:
        OSError: the lock file cannot be opened. DamagedError: the file system has no such locks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key}.lock"
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, how if wait else how | fcntl.LOCK_NB)
            if _is_still(path, handle):
                return handle
            os.close(handle)  # the file was deleted meanwhile: its lock is void
        except OSError as error:
            os.close(handle)
            if error.errno in HELD:
                return None
            raise DamagedError(
                f"{path} cannot be locked: {error.strerror} (file system {file_system(path)})",
                "point IRFER_BENCH_HOME at a disk whose file system has flock",
            ) from error
        except BaseException:
            os.close(handle)
            raise


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def file_system(path: Path) -> str:
    """Type of the file system that a path is on, such as `nfs4`, where the system reports it."""
    best, found = "", "unknown"
    try:
        lines = Path("/proc/self/mounts").read_text(errors="replace").splitlines()
    except OSError:
        return found
    place = str(path.resolve())
    for line in lines:
        _, mount, kind, *_ = line.split()
        inside = place == mount or place.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best):
            best, found = mount, kind
    return found
