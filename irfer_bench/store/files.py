"""Text and JSON files that are old or whole, and what it means when a folder refuses them."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError

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


@contextmanager
def clear_write_errors(where: Path) -> Iterator[None]:
    """Turn a full, read-only or misplaced folder into a `DamagedError` that names it."""
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


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees the old file or the whole new one."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file by one rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        DamagedError: the file cannot be read or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from error
