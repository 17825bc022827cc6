"""Atomic files and folders, and clear errors where they cannot be written."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError, UnreadableError

REFUSALS = (
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EEXIST,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EIO,
)
"""Errors of a place that cannot be written to, besides a full one."""
FLUSH = getattr(os, "fdatasync", os.fsync)
"""Bytes and length reach the disk; dates may come later."""
DRAFT = ".irfer.tmp"
"""End of the names of drafts, which begin with a dot and the name of what they become."""
OLD = 24 * 3600.0
"""Seconds after which a draft is left over where the file system has no locks."""
_swept: set[Path] = set()


@contextmanager
def clear_write_errors(where: Path) -> Iterator[None]:
    """Turn a full, read-only, closed or misplaced folder into a `DamagedError` that names it."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DamagedError(
                f"no space left while writing {error.filename or where}",
                "free some, or point IRFER_BENCH_HOME (store) or --out (results) at another disk; "
                "finished steps are kept",
            ) from error
        if error.errno in REFUSALS:
            raise DamagedError(
                f"no access to {error.filename or where}: {error.strerror}",
                "point IRFER_BENCH_HOME (store) or --out (results) at a folder you own",
            ) from error
        raise


def require_writable(folder: Path) -> None:
    """Raise where nothing can be written into a folder, which need not exist; leaves nothing there.

    Raises:
        DamagedError: says why.
    """
    try:
        place = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        Path(tempfile.mkdtemp(prefix=".irfer.", suffix=DRAFT, dir=place)).rmdir()
    except OSError as error:
        raise DamagedError(
            f"nothing can be written into {folder}: {error.strerror}",
            "name a folder you own by --out",
        ) from error


@contextmanager
def atomic_file(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """A draft to be written, which replaces `path` when the block ends without error.

    A reader sees the old file or the whole new one, also after a power failure. Drafts that
    killed processes left in the folder are removed by the first write of a process there.

    Raises:
        OSError: it cannot be written; `path` is as it was, and no draft stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent not in _swept:
        _swept.add(path.parent)
        sweep_drafts(path.parent)
    handle, draft = _lock_draft(path)
    try:
        yield draft
        commit_file(draft, path, mode)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def commit_file(draft: Path, path: Path, mode: int = 0o644) -> None:
    """Bring a written draft to disk, then give it its name."""
    with draft.open("rb") as stream:
        FLUSH(stream.fileno())
    draft.chmod(mode)
    draft.replace(path)


@contextmanager
def atomic_folder(path: Path, mode: int = 0o700, drafts: Path | None = None) -> Iterator[Path]:
    """A draft folder to be filled, which becomes `path` when the block ends without error.

    Its files are on disk before it gets its name. `path` must not exist or be empty.

    Args:
        drafts: where the draft lies, on the same disk; default beside `path`, where drafts of
            killed processes are removed first.

    Raises:
        OSError: it cannot be written, or `path` holds something; no draft stays.
    """
    if drafts is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_drafts(path.parent, path.name)
    draft = Path(
        tempfile.mkdtemp(
            prefix=f".{path.name}." if drafts is None else f"{path.name}.",
            suffix=DRAFT,
            dir=drafts or path.parent,
        )
    )
    handle = os.open(draft, os.O_RDONLY)
    try:
        with suppress(OSError):  # without folder locks, leftovers are found by age
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield draft
        for each in draft.rglob("*"):
            if each.is_file() and not each.is_symlink():
                with each.open("rb") as stream:
                    FLUSH(stream.fileno())
        draft.chmod(mode)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    finally:
        os.close(handle)


def sweep_drafts(folder: Path, name: str = "") -> None:
    """Remove the drafts of ended processes in a folder, of all files or of `name`.

    A process holds a lock on its draft while it writes.
    """
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            begins = f".{name}." if name else "."
            if entry.name.startswith(begins) and entry.name.endswith(DRAFT):
                _remove_if_free(Path(entry.path))


def _remove_if_free(draft: Path) -> None:
    with suppress(OSError):
        handle = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not _is_free(handle):
                return
            if draft.is_dir():
                shutil.rmtree(draft)
            else:
                draft.unlink()
        finally:
            os.close(handle)


def _is_free(handle: int) -> bool:
    """Whether no process writes a draft; without locks this is decided by its age."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return time.time() - os.fstat(handle).st_mtime > OLD
    return True


def _lock_draft(path: Path) -> tuple[int, Path]:
    """A new draft of `path` and the open handle that holds its lock."""
    while True:
        name = path.name[:100]
        handle, draft = tempfile.mkstemp(prefix=f".{name}.", suffix=DRAFT, dir=path.parent)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another process is removing it
            os.close(handle)
            continue
        except OSError:
            return handle, Path(draft)
        if os.fstat(handle).st_nlink:
            return handle, Path(draft)
        os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old file or the whole new one."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old file or the whole new one."""
    with atomic_file(path) as draft:
        draft.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UnreadableError: the file cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnreadableError(f"{path} cannot be read: {error}") from error
