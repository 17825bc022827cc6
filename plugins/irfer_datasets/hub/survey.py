"""One pass over all rows: items, problems, digests of content, and where each item's row is."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from irfer_bench.api import DamagedError, Item
from irfer_datasets.hub.cells import Cell, as_file, cells_of, trouble
from irfer_datasets.hub.columns import FACTS, Columns, Facts
from irfer_datasets.hub.tables import Table
from irfer_datasets.problems import Notes, RefusedRowError
from irfer_datasets.tree import relative

BATCH = 32
"""Rows held at a time: a row may be a clip."""
_OPAQUE = re.compile(r"[a-z0-9_]{1,64}")
Position = tuple[int, int]
"""A table and a row of it."""


@dataclass
class Contents(Notes):
    """What the rows hold; `digests` are of content and facts, one per item."""

    items: dict[str, Item] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)


def survey(tables: Sequence[Table]) -> Contents:
    """Read every row once; pictures are hashed, and decoded only where they look cut off.

    Raises:
        DamagedError: a column of pictures holds none.
    """
    found = Contents()
    unusable: dict[tuple[str, str], list[str]] = {}
    for number, table in enumerate(tables):
        title = table.split or "row"
        missing = table.columns.missing()
        if missing:
            found.note("missing_column", table.split or ".", missing)
        for place, row in enumerate(_rows(table)):
            where = f"{title} {place}" if title == "row" else f"{title} row {place}"
            try:
                _add(found, row, table, (number, place), where)
            except RefusedRowError as error:
                unusable.setdefault((error.kind, error.action), []).append(where)
    for (kind, action), places in unusable.items():
        more = f" ({len(places)} rows)" if len(places) > 1 else ""
        found.note(kind, places[0], f"{action}{more}")
    _pair_up(found)
    return found


def opaque(given: str) -> str:
    """An owner's id where it is `[a-z0-9_]`, else a digest of it: it may be a path."""
    if _OPAQUE.fullmatch(given):
        return given
    return f"row_{hashlib.sha256(given.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Row:
    """One row: its values but for files, its pictures or video, sound and landmarks."""

    values: Mapping[str, Any]
    pictures: Sequence[Cell]
    video: Cell | None
    sound: Cell | None
    landmarks: Any
    fps: float | None


def name_of(row: Row, table: Table) -> str:
    """The id of a row's item; empty where it makes none."""
    try:
        facts = table.columns.facts(row.values, table.split)
        return _name(facts, _digests(row, table))
    except RefusedRowError:
        return ""


def row_at(table: Table, place: int) -> Row:
    """One row of a table; nothing is decoded."""
    return next(_batch(table.rows[place : place + 1], table.columns))


def _rows(table: Table) -> Iterator[Row]:
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
            pictures=cells_of(value.get("image")) or cells_of(value.get("frames")),
            video=next(iter(cells_of(value.get("video"))), None),
            sound=next(iter(cells_of(value.get("audio"))), None),
            landmarks=value.get("landmarks"),
            fps=_number(value.get("fps")),
        )


def _number(value: Any) -> float | None:
    given = None if value is None else value.as_py()
    return float(given) if isinstance(given, int | float) and given > 0 else None


def _add(found: Contents, row: Row, table: Table, position: Position, where: str) -> None:
    facts = table.columns.facts(row.values, table.split)
    if not row.pictures and row.video is None:
        raise RefusedRowError("missing_item", "the row has no picture; restore or remove it")
    for cell in row.pictures:
        bad = trouble(cell) if cell.data is not None else ""
        if bad:
            raise RefusedRowError("damaged", f"its picture {bad}; not used; restore the row")
    digests = _digests(row, table)
    name = _name(facts, digests)
    files = _files(row, table)
    item = Item(
        id=name,
        label=facts.label,
        subject=facts.subject,
        spectrum=facts.spectrum,
        files=files,
        lighting=facts.lighting,
        pair=facts.pair,
        weak_pair=facts.weak_pair,
        split=facts.split,
        part=facts.part,
        frames=len(row.pictures) or _length(row, table),
    )
    digest = _digest([_facts_of(item), digests])
    if name in found.items:
        same = found.digests[name] == digest
        kind, action = (
            ("duplicate_row", "the same row came before; one is used")
            if same
            else ("duplicate_id", "another row has this id and differs; remove one of the two")
        )
        found.note(kind, f"{where} ({name})", action)
        return
    _note_repeated(found, item, _digest([facts.spectrum, facts.lighting, digests[0]]), where)
    found.items[name] = item
    found.digests[name] = digest
    found.positions[name] = position


def _facts_of(item: Item) -> list[Any]:
    """An item's facts without the files' names: a picture in a table has none."""
    return [
        item.id,
        item.label,
        item.subject,
        item.spectrum,
        item.lighting,
        item.pair,
        item.weak_pair,
        item.split,
        item.part,
        item.frames,
    ]


def _digests(row: Row, table: Table) -> list[Any]:
    """Digests of the pictures or video, the sound and the landmarks."""
    try:
        pictures = [cell.digest(table.place) for cell in _shown(row)]
        sound = row.sound.digest(table.place) if row.sound else ""
    except DamagedError as error:
        outside = "leads out" in error.message
        kind = "outside_root" if outside else "missing_file"
        raise RefusedRowError(kind, str(error)) from error
    points = ""
    if row.landmarks is not None and row.landmarks.is_valid:
        array = np.asarray(row.landmarks.as_py(), np.float32)
        points = hashlib.sha256(array.tobytes()).hexdigest()
    return [pictures, sound, points]


def _name(facts: Facts, digests: Sequence[Any]) -> str:
    if facts.row_id:
        return opaque(facts.row_id)
    said = [facts.named.casefold(), facts.subject, facts.lighting, facts.pair, facts.split]
    return f"{facts.spectrum}_{_digest([said, facts.part, digests])[:16]}"


def _files(row: Row, table: Table) -> tuple[str, ...]:
    """Pictures that lie as files below the root; those in a table have no name of their own."""
    cells = _shown(row)
    if any(cell.data is not None for cell in cells):
        return ()
    paths = [cell.resolve(table.place) for cell in cells]
    return tuple(relative(path, table.place.guard) for path in paths)


def _shown(row: Row) -> Sequence[Cell]:
    return row.pictures or ([] if row.video is None else [row.video])


def _length(row: Row, table: Table) -> int:
    from irfer_datasets.video import probe

    assert row.video is not None
    try:
        with as_file(row.video, table.place) as (folder, name):
            return probe(folder, name).frames
    except DamagedError as error:
        raise RefusedRowError(
            "damaged", f"its video cannot be decoded; not used; {error.hint}"
        ) from error


def _note_repeated(found: Contents, item: Item, picture: str, where: str) -> None:
    first = found.items.get(found.shown.setdefault(picture, item.id))
    if first is None:
        return
    differ = [
        f"{name} {getattr(first, name) or 'none'} and {getattr(item, name) or 'none'}"
        for name in ("label", "subject", "split")
        if getattr(first, name) != getattr(item, name)
    ]
    action = (
        f"shows the same picture as {first.id} ({', '.join(differ) or 'same facts'}); both are used"
    )
    found.note("duplicate_row", f"{where} ({item.id})", action)


def _pair_up(found: Contents) -> None:
    """Drop pairs without a partner, and say which ones leave open who the partner is."""
    groups: dict[str, list[Item]] = {}
    for item in found.items.values():
        if item.pair is not None:
            groups.setdefault(item.pair, []).append(item)
    for members in groups.values():
        domains = [(item.spectrum, item.lighting) for item in members]
        if len(set(domains)) == 1 and len(members) == 1:
            found.items[members[0].id] = replace(members[0], pair=None)
        elif len(set(domains)) < len(members):
            _refuse(found, members[0], "two rows of one spectrum and light share it")
        elif len({(item.subject, item.label) for item in members}) > 1:
            _refuse(found, members[0], "its rows are of different subjects or labels")


def _refuse(found: Contents, item: Item, why: str) -> None:
    action = f"pair {item.pair!r}: {why}; give each moment its own"
    found.note("ambiguous_pair", item.id, action)


def fingerprint(digests: Iterable[str]) -> str:
    """One digest of all rows, whatever their order and their shards."""
    return _digest(["hub", sorted(digests)])


def _digest(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
