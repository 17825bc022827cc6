"""A record is what a finished cell leaves behind: JSON, written once, merged by union."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.errors import DamagedError
from irfer_bench.store import keys
from irfer_bench.store.files import clear_write_errors, read_json, write_json

SCHEMA = 1


class NewerError(DamagedError):
    """A record of a schema that only a newer irfer-bench knows; it is left alone (exit 4)."""


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A metric's value as a fraction, its 95 % interval over subjects, or why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""
    direction: str = "higher"
    unit: str = ""


class CellFacts(msgspec.Struct, frozen=True):
    """What every record says of its cell; a board needs no more."""

    setting: str
    setting_version: str
    translator: str
    recognizer: str
    preset: str
    primary: str
    fold: int
    seed: int
    folds: int
    seeds: int


class StepFacts(msgspec.Struct, frozen=True):
    """What every record says of a step."""

    kind: str
    title: str
    key: str
    seconds: float


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One cell's result.

    Args:
        key: the cell's key: equal keys are the same experiment.
        cell: setting, setting_version, dataset, translator, recognizer, preset, fold, seed.
        data: fingerprint, incomplete, subjects (`checked` or `unchecked`), unlabelled_target.
        steps: kind, title, key, seconds, peak_mb of every step.
        digest: of everything else; shows an edited record.
    """

    schema: int
    key: str
    cell: dict[str, Any]
    translator: dict[str, Any]
    recognizer: dict[str, Any] | None
    data: dict[str, Any]
    metrics: dict[str, Value]
    confusion: list[list[int]] | None
    classes: list[str]
    steps: list[dict[str, Any]]
    facts: dict[str, Any]
    machine: dict[str, Any]
    packages: dict[str, str]
    created: str
    outcome: str = "ok"
    warnings: list[str] = []
    digest: str = ""

    @property
    def row(self) -> tuple[str, str, str]:
        """Setting, translator and recognizer: what a board calls one row."""
        return self.cell["setting"], self.cell["translator"], self.cell["recognizer"]


def sealed(record: Record) -> Record:
    """The record with its digest."""
    return msgspec.structs.replace(record, digest=_digest(record))


def path_of(folder: Path, cell: Mapping[str, Any], key: str) -> Path:
    """Where the record of a cell lives below the results folder."""
    return _place(folder, "records", cell, key)


def _place(folder: Path, kind: str, cell: Mapping[str, Any], key: str) -> Path:
    row = f"{cell['translator']}+{cell['recognizer']}"
    name = f"{row}.{cell['preset']}.fold{cell['fold']}.seed{cell['seed']}"
    slug = re.sub(r"[^a-z0-9_@+.=-]+", "-", name.lower())[:120]
    return folder / f"{kind}/{cell['setting']}/{slug}.{key[:8]}.json"


def predictions_path(folder: Path, record: Record) -> Path:
    """Where a record's per-item predictions live."""
    return _place(folder, "predictions", record.cell, record.key)


def predictions_of(folder: Path, record: Record) -> bytes | None:
    """A record's predictions as they were written, or None where they are not there.

    Raises:
        DamagedError: they were edited or cut.
    """
    path, known = predictions_path(folder, record), record.data.get("predictions")
    try:
        text = path.read_bytes()
    except OSError:
        return None
    if known is not None and hashlib.sha256(text).hexdigest() != known:
        raise DamagedError(f"{path.name}: predictions are not what was written")
    return text


def predictions_are_whole(folder: Path, record: Record) -> bool:
    """Whether a record's predictions are there as they were written."""
    try:
        return predictions_of(folder, record) is not None
    except DamagedError:
        return False


def write_record(folder: Path, record: Record) -> Path:
    """Write a record over whatever is at its place; a failure never replaces a result."""
    path = path_of(folder, record.cell, record.key)
    there = None if record.outcome == "ok" else find(folder, record.cell, record.key)
    if there is not None and there[0].outcome == "ok":
        return path
    with clear_write_errors(path):
        write_json(path, msgspec.to_builtins(record))
    return path


def read_record(path: Path) -> Record:
    """Read a record of any schema up to ours.

    Raises:
        DamagedError: not a record, cut or edited. NewerError: of a newer schema.
    """
    raw = read_json(path)
    schema = raw.get("schema") if isinstance(raw, Mapping) else None
    if isinstance(schema, int) and schema > SCHEMA:
        raise NewerError(
            f"{path}: record of schema {schema}, this irfer-bench knows {SCHEMA}",
            "upgrade irfer-bench",
        )
    try:
        record = msgspec.convert(raw, Record)
        msgspec.convert(record.cell, CellFacts)
        msgspec.convert(record.steps, list[StepFacts])
        whole = record.digest == _digest(record)
    except ValueError as error:  # also what is no JSON number, such as NaN
        raise DamagedError(f"{path} is no record: {error}") from None
    if not whole:
        raise DamagedError(f"{path}: content and digest disagree, it was edited or cut")
    return record


def find(folder: Path, cell: Mapping[str, Any], key: str) -> tuple[Record, Path] | None:
    """The whole record of a cell and its place, if it is there; a damaged one is set aside.

    Raises:
        NewerError: it is of a newer schema, and stays as it is.
    """
    path = path_of(folder, cell, key)
    if not path.is_file():
        return None
    try:
        record = read_record(path)
    except NewerError:
        raise
    except DamagedError:
        set_aside(path)
        return None
    return (record, path) if record.key == key else None


def set_aside(path: Path) -> None:
    """Rename a damaged file of the results folder, so that it is written again."""
    with clear_write_errors(path), contextlib.suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.damaged"))


def read_records(folder: Path, setting: str | None = None) -> Iterator[Record | DamagedError]:
    """Every record below a results folder, and an error in place of each damaged one."""
    for path in sorted((folder / "records").glob(f"{setting or '*'}/*.json")):
        try:
            record = read_record(path)
            if record.cell["setting"] != path.parent.name:
                raise DamagedError(f"{path} lies in another setting's folder")
            yield record
        except DamagedError as error:
            yield type(error)(error.message.replace(f"{path.parent}/", ""), error.hint)


def _digest(record: Record) -> str:
    body = msgspec.to_builtins(record)
    body.pop("digest")
    return keys.digest(body)
