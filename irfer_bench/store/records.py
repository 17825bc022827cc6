"""Record files of a results folder; folders are merged by copying."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from irfer_bench.contracts.record import SCHEMA, CellFacts, Record, Value
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.store.files import clear_write_errors, write_text
from irfer_bench.store.schemas import NewerError, decode, encode
from irfer_bench.store.schemas import seal as sealed

__all__ = ["SCHEMA", "NewerError", "Record", "Value", "sealed"]

RECORD_LIMIT = 16 * 2**20
"""Bytes; a record of 1,000 steps has one hundredth of it."""
PREDICTIONS_LIMIT = 512 * 2**20
SETTING = re.compile(r"(?!readme$)[a-z0-9_]+(@[a-z0-9_]+(-[a-z]+[0-9]*)*)?")
"""What a folder of records, and so a board, may be called."""
_NO_FOLDER = re.compile(r"[^A-Za-z0-9_@-]+")
_NO_FILE = re.compile(r"[^a-z0-9_@+.=-]+")
_NO_KEY = re.compile(r"[^0-9a-z]")


def path_of(folder: Path, cell: CellFacts, key: str) -> Path:
    """Path of a cell's record below the results folder."""
    return _place(folder, "records", cell, key)


def predictions_path(folder: Path, record: Record) -> Path:
    """Path of a record's predictions."""
    return _place(folder, "predictions", record.cell, record.key)


def _place(folder: Path, kind: str, cell: CellFacts, key: str) -> Path:
    return folder.joinpath(kind, _folder_name(cell), _file_name(cell, key))


def _folder_name(cell: CellFacts) -> str:
    return _NO_FOLDER.sub("-", cell.setting)[:120]


def _file_name(cell: CellFacts, key: str) -> str:
    row = f"{cell.translator}+{cell.recognizer}"
    name = f"{row}.{cell.preset}.fold{cell.fold}.seed{cell.seed}"
    slug = _NO_FILE.sub("-", name.lower())[:120]
    return f"{slug}.{_NO_KEY.sub('-', key[:8])}.json"


def read_regular(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises:
        MissingError: there is no such file.
        DamagedError: it cannot be read, is no regular file, or is larger.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise MissingError(f"no file {path}") from None
    except (OSError, ValueError) as error:
        raise DamagedError(f"{path} cannot be read: {error}") from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise DamagedError(f"{path} is no regular file")
        if facts.st_size > limit:
            raise DamagedError(
                f"{path} has {facts.st_size} bytes, more than the limit of {limit} for such a file"
            )
        return _read_all(handle, facts.st_size)
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error}") from None
    finally:
        os.close(handle)


def _read_all(handle: int, size: int) -> bytes:
    """Reads at most the length that the file had when it was opened."""
    content = os.read(handle, size)
    while len(content) < size and (more := os.read(handle, size - len(content))):
        content += more
    return content


def predictions_of(folder: Path, record: Record) -> bytes | None:
    """A record's predictions, or None where the file is missing.

    Raises:
        DamagedError: they were edited or truncated.
    """
    path, known = predictions_path(folder, record), record.data.predictions
    try:
        text = read_regular(path, PREDICTIONS_LIMIT)
    except MissingError:
        return None
    if known and hashlib.sha256(text).hexdigest() != known:
        raise DamagedError(f"{path.name}: predictions are not what was written")
    return text


def predictions_are_whole(folder: Path, record: Record) -> bool:
    """Whether a record's predictions exist and are unchanged."""
    try:
        return predictions_of(folder, record) is not None
    except DamagedError:
        return False


def write_record(folder: Path, record: Record) -> Path:
    """Write a record, replacing an older one; a failure never replaces a result."""
    path = path_of(folder, record.cell, record.key)
    if record.outcome != "ok" and _holds_result(path):
        return path
    with clear_write_errors(path):
        write_text(path, encode(record).decode())
    return path


def read_record(path: Path) -> Record:
    """Read a record of any schema up to the current one.

    Raises:
        MissingError: there is no such file.
        DamagedError: not a record, truncated or edited. NewerError: of a newer schema.
    """
    return decode(read_regular(path, RECORD_LIMIT), str(path))


def find(folder: Path, cell: CellFacts, key: str) -> tuple[Record, Path] | None:
    """A cell's result and its path, if it exists; a damaged record is set aside.

    Raises:
        NewerError: it is of a newer schema; it is not changed.
    """
    path = path_of(folder, cell, key)
    if not path.is_file():
        return None
    try:
        record = read_placed(path)
    except NewerError:
        raise
    except MissingError:  # another process has just set it aside
        return None
    except DamagedError:
        set_aside(path)
        return None
    return (record, path) if record.key == key and record.outcome == "ok" else None


def set_aside(path: Path) -> None:
    """Rename a damaged file of the results folder, so that it is written again."""
    with clear_write_errors(path), contextlib.suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.damaged"))


def settings_in(folder: Path) -> list[str]:
    """Names of the folders below `records` that hold a file, in order; valid or not."""
    places = (folder / "records").glob("*")
    return sorted(place.name for place in places if any(place.glob("*.json")))


def read_records(folder: Path, setting: str | None = None) -> Iterator[Record | DamagedError]:
    """Every record below a results folder, and an error in place of each that cannot be used.

    A record is unusable where it is damaged, is not at the path of its cell and key, or is dated
    more than a day ahead.
    """
    for name in settings_in(folder) if setting is None else [setting]:
        if not SETTING.fullmatch(name):
            yield DamagedError(f"records/{name} is no name of a setting: its records are not used")
            continue
        for path in sorted((folder / "records" / name).glob("*.json"), key=lambda path: path.name):
            try:
                yield read_placed(path)
            except DamagedError as error:
                yield type(error)(error.message.replace(f"{path.parent}/", ""), error.hint)
            except MissingError:
                if path.is_symlink():  # else another process has just set it aside
                    yield DamagedError(f"{path.name} is a link to nothing")


def read_placed(path: Path) -> Record:
    """The record at a path, which must be the path of its cell and key.

    Raises:
        DamagedError: it cannot be read, is at another path, or is dated in the future.
    """
    record = read_record(path)
    for fault in find_misplacement(path, record):
        raise DamagedError(f"{path} {fault}")
    return record


def find_misplacement(path: Path, record: Record) -> Iterator[str]:
    """What contradicts a record in its path and date, in words that follow the path."""
    if path.parent.name != _folder_name(record.cell):
        yield "lies in another setting's folder"
    if path.name != (name := _file_name(record.cell, record.key)):
        yield f"is not named as its cell and key say: {name}"
    if record.created > _soon():
        yield f"is dated {record.created}, in the future"


def _soon() -> str:
    """One day from now, a tolerance for wrong clocks."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))


def _holds_result(path: Path) -> bool:
    try:
        return read_record(path).outcome == "ok"
    except NewerError:
        return True
    except (DamagedError, MissingError):
        return False
