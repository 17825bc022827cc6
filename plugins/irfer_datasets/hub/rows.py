"""Rows of a table: values, images and item ids."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from irfer_bench.api import DamagedError, RefusedRowError
from irfer_datasets.hub.cells import Cell, cells_of
from irfer_datasets.hub.columns import FACTS, Columns, Facts
from irfer_datasets.hub.tables import Table

BATCH = 32
"""Rows held at a time: a row may be a clip."""
_OPAQUE = re.compile(r"[a-z0-9_]{1,64}")


@dataclass(frozen=True)
class Row:
    """One row: its values but for files, its images or video, audio and landmarks."""

    values: Mapping[str, Any]
    images: Sequence[Cell]
    video: Cell | None
    sound: Cell | None
    landmarks: Any
    fps: float | None


def name_of(row: Row, table: Table) -> str:
    """The id of a row's item; empty where it makes none."""
    try:
        facts = table.columns.facts(row.values, table.split)
        return item_name(facts, digests_of(row, table))
    except RefusedRowError:
        return ""


def row_at(table: Table, place: int) -> Row:
    """One row of a table; nothing is decoded."""
    return next(_batch(table.rows[place : place + 1], table.columns))


def rows_of(table: Table) -> Iterator[Row]:
    """All rows of a table, a few held at a time."""
    used = table.rows.select_columns(list(dict.fromkeys(table.columns.names.values())))
    for batch in used.iter(batch_size=BATCH):
        yield from _batch(batch, table.columns)


def _batch(batch: Any, columns: Columns) -> Iterator[Row]:
    names = columns.names
    facts = {names[r]: batch.column(names[r]).to_pylist() for r in FACTS if r in names}
    files = {role: batch.column(name) for role, name in names.items() if role not in FACTS}

    for k in range(batch.num_rows):
        value = {role: column[k] for role, column in files.items()}
        yield Row(
            values={name: column[k] for name, column in facts.items()},
            images=cells_of(value.get("image")) or cells_of(value.get("frames")),
            video=next(iter(cells_of(value.get("video"))), None),
            sound=next(iter(cells_of(value.get("audio"))), None),
            landmarks=value.get("landmarks"),
            fps=_number(value.get("fps")),
        )


def _number(value: Any) -> float | None:
    given = None if value is None else value.as_py()
    return float(given) if isinstance(given, int | float) and given > 0 else None


def opaque(given: str) -> str:
    """An official id where it is `[a-z0-9_]`, else a digest of it: it may be a path."""
    if _OPAQUE.fullmatch(given):
        return given
    return f"row_{hashlib.sha256(given.encode()).hexdigest()[:16]}"


def digests_of(row: Row, table: Table) -> list[Any]:
    """Digests of the images or video, the audio and the landmarks."""
    try:
        images = [cell.digest(table.place) for cell in cells_shown(row)]
        sound = row.sound.digest(table.place) if row.sound else ""
    except DamagedError as error:
        outside = "leads out" in error.message
        kind = "outside_root" if outside else "missing_file"
        raise RefusedRowError(kind, str(error)) from error
    points = ""
    if row.landmarks is not None and row.landmarks.is_valid:
        array = np.asarray(row.landmarks.as_py(), np.float32)
        points = hashlib.sha256(array.tobytes()).hexdigest()
    return [images, sound, points]


def item_name(facts: Facts, digests: Sequence[Any]) -> str:
    """The id of an item: its own, else a digest of its facts and images."""
    if facts.row_id:
        return opaque(facts.row_id)
    own = facts.of_item
    stated = [facts.named.casefold(), *(own[n] for n in ("subject", "lighting", "pair", "split"))]
    return f"{own['spectrum']}_{json_digest([stated, own['part'], digests])[:16]}"


def cells_shown(row: Row) -> Sequence[Cell]:
    """The images of a row, or its video."""
    return row.images or ([] if row.video is None else [row.video])


def json_digest(value: Any) -> str:
    """sha256 of a JSON value."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
