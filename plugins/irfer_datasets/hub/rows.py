"""Rows of a table: values, images and item ids."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.api import (
    DamagedError,
    RefusedRowError,
    UnreadableImageError,
    decode_image,
    inside,
    open_image,
    private_folder,
)
from irfer_datasets.hub.columns import FACTS, Columns, Facts
from irfer_datasets.hub.forms import Place
from irfer_datasets.hub.tables import Table

_TAILS = {"PNG": b"IEND", "JPEG": b"\xff\xd9"}
"""How a complete file ends: checking the last bytes avoids decoding every image."""
_TAIL, _SHOWN = 64, 80


@dataclass(frozen=True)
class Cell:
    """One file of a table: its bytes, or its path."""

    data: Any
    path: str

    def resolve(self, place: Place) -> Path:
        """The file beside the table.

        Raises:
            DamagedError: it lies elsewhere, on the net, or is not there.
        """
        path = place.base / self.path  # an absolute path stays itself
        shown = self.path if len(self.path) <= _SHOWN else f"{self.path[:_SHOWN]}…"
        try:
            if "://" in self.path or not inside(path, place.guard):
                raise DamagedError(f"{shown} leads out of the dataset", "store its bytes instead")
            if path.is_file():
                return path
        except (OSError, ValueError) as error:  # too long, or no name at all
            raise DamagedError(f"{shown!r} names no file", "is it a column of images?") from error
        raise DamagedError(f"{shown} is not there", "restore the file")

    def stream(self, place: Place) -> Path | BytesIO:
        """A stream for a decoder."""
        return self.resolve(place) if self.data is None else BytesIO(memoryview(self.data))

    def digest(self, place: Place) -> str:
        """sha256 of the content."""
        if self.data is not None:
            return hashlib.sha256(memoryview(self.data)).hexdigest()
        with self.resolve(place).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def cells_of(value: Any) -> list[Cell]:
    """The files of one Arrow value: a struct of bytes and path, either alone, or a list of them.

    Raises:
        DamagedError: it holds something else, such as numbers.
    """
    return [] if value is None else list(_cells(value.as_py(), value.type))


def _cells(value: Any, kind: Any) -> Iterator[Cell]:
    if isinstance(value, dict) and {"bytes", "path"} & value.keys():
        data, path = value.get("bytes"), value.get("path") or ""
        if data is not None or path:
            yield Cell(data, path)
    elif isinstance(value, bytes):
        yield Cell(value, "")
    elif isinstance(value, str):
        yield Cell(None, value)
    elif isinstance(value, list):
        for inner in value:
            yield from _cells(inner, kind)
    elif value is not None:
        raise DamagedError(f"a column of images holds {kind}", "store encoded files: PNG, JPEG")


def trouble(cell: Cell) -> str:
    """Why an image in the table cannot be decoded, or empty; whole ones are not decoded."""
    data = memoryview(cell.data)
    if not len(data):
        return "is empty"
    try:
        with open_image(BytesIO(data)) as image:
            tail = _TAILS.get(image.format or "")
            if tail is not None and tail not in bytes(data[-_TAIL:]):
                image.load()
    except UnreadableImageError as error:
        return f"cannot be decoded ({error})"
    return ""


def decode_images(cells: Sequence[Cell], place: Place, name: str) -> list[NDArray[Any]]:
    """(H, W, 3) uint8 or uint16 each; `name` is used in error messages.

    Raises:
        DamagedError: one cannot be decoded or lies elsewhere.
    """
    return [decode_image(cell.stream(place), name) for cell in cells]


@contextmanager
def as_file(cell: Cell, place: Place) -> Iterator[tuple[Path, str]]:
    """A folder and a name in it, for decoders that need a file; private, and gone afterwards.

    Raises:
        DamagedError: the file lies elsewhere or is not there.
    """
    if cell.data is None:
        path = cell.resolve(place).relative_to(place.guard)
        yield place.guard, path.as_posix()
        return
    with TemporaryDirectory(dir=private_folder("hub")) as folder:  # made 0700
        name = f"{cell.digest(place)[:16]}.bin"
        (Path(folder) / name).write_bytes(memoryview(cell.data))
        yield Path(folder), name


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
