"""One pass over all rows: items, problems, digests of content, and the places of the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.api import (
    DamagedError,
    Item,
    Notes,
    RefusedRowError,
    atomic_file,
    private_folder,
    relative,
)
from irfer_datasets.hub.rows import (
    Row,
    as_file,
    cells_shown,
    digests_of,
    item_name,
    json_digest,
    rows_of,
    trouble,
)
from irfer_datasets.hub.tables import Table
from irfer_datasets.params import HubParams

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
    """Read every row once; images are hashed, and decoded only where they look cut off.

    Raises:
        DamagedError: a column of images holds none.
    """
    found = Contents()
    unusable: dict[tuple[str, str], list[str]] = {}
    for number, table in enumerate(tables):
        title = table.split or "row"
        missing = table.columns.missing()
        if missing:
            found.note("missing_column", table.split or ".", missing)
        for place, row in enumerate(rows_of(table)):
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


def _add(found: Contents, row: Row, table: Table, position: Position, where: str) -> None:
    facts = table.columns.facts(row.values, table.split)
    if not row.images and row.video is None:
        raise RefusedRowError("missing_item", "the row has no image; restore or remove it")
    for cell in row.images:
        bad = trouble(cell) if cell.data is not None else ""
        if bad:
            raise RefusedRowError("damaged", f"its image {bad}; not used; restore the row")
    digests = digests_of(row, table)
    name = item_name(facts, digests)
    frames = len(row.images) or _length(row, table)
    item = Item(id=name, files=_files(row, table), frames=frames, **facts.of_item)
    digest = json_digest([_facts_of(item), digests])
    if name in found.items:
        same = found.digests[name] == digest
        kind, action = (
            ("duplicate_row", "the same row came before; one is used")
            if same
            else ("duplicate_id", "another row has this id and differs; remove one of the two")
        )
        found.note(kind, f"{where} ({name})", action)
        return
    _note_repeated(found, item, json_digest([item.spectrum, item.lighting, digests[0]]), where)
    found.items[name] = item
    found.digests[name] = digest
    found.positions[name] = position


def _facts_of(item: Item) -> list[Any]:
    """An item's facts without the files' names: an image in a table has none."""
    names = "id label subject spectrum lighting pair weak_pair split part frames"
    return [getattr(item, name) for name in names.split()]


def _files(row: Row, table: Table) -> tuple[str, ...]:
    """Images that lie as files below the root; those in a table have no name of their own."""
    cells = cells_shown(row)
    if any(cell.data is not None for cell in cells):
        return ()
    paths = [cell.resolve(table.place) for cell in cells]
    return tuple(relative(path, table.place.guard) for path in paths)


def _length(row: Row, table: Table) -> int:
    from irfer_bench.api import probe_video

    assert row.video is not None
    try:
        with as_file(row.video, table.place) as (folder, name):
            return probe_video(folder, name).frames
    except DamagedError as error:
        raise RefusedRowError(
            "damaged", f"its video cannot be decoded; not used; {error.hint}"
        ) from error


def _note_repeated(found: Contents, item: Item, image: str, where: str) -> None:
    first = found.items.get(found.shown.setdefault(image, item.id))
    if first is None:
        return
    differ = [
        f"{name} {getattr(first, name) or 'none'} and {getattr(item, name) or 'none'}"
        for name in ("label", "subject", "split")
        if getattr(first, name) != getattr(item, name)
    ]
    action = (
        f"shows the same image as {first.id} ({', '.join(differ) or 'same facts'}); both are used"
    )
    found.note("duplicate_row", f"{where} ({item.id})", action)


def _pair_up(found: Contents) -> None:
    """Drop pairs without a partner, and note ambiguous ones."""
    groups: dict[str, list[Item]] = {}
    for item in found.items.values():
        if item.pair is not None:
            groups.setdefault(item.pair, []).append(item)
    for members in groups.values():
        domains = [(item.spectrum, item.lighting) for item in members]
        if len(set(domains)) == 1 and len(members) == 1:
            found.items[members[0].id] = replace(members[0], pair=None)
        elif len(set(domains)) < len(members):
            _refuse(found, members[0], "two rows of one spectrum and illumination share it")
        elif len({(item.subject, item.label) for item in members}) > 1:
            _refuse(found, members[0], "its rows are of different subjects or labels")


def _refuse(found: Contents, item: Item, why: str) -> None:
    action = f"pair {item.pair!r}: {why}; give each pair its own"
    found.note("ambiguous_pair", item.id, action)


def fingerprint(digests: Iterable[str]) -> str:
    """One digest of all rows, whatever their order and their shards."""
    return json_digest(["hub", sorted(digests)])


def recall(tables: Sequence[Table], params: HubParams) -> dict[str, Position] | None:
    """Positions of the last survey; a hint only: the reader compares the row's id."""
    try:
        return msgspec.json.decode(_file(tables, params).read_bytes(), type=dict[str, Position])
    except (OSError, ValueError, RecursionError):
        return None


def keep(tables: Sequence[Table], params: HubParams, positions: dict[str, Position]) -> None:
    """For `recall` in another process."""
    place = _file(tables, params)
    # Only time is lost where it cannot be written: the next process surveys again.
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with atomic_file(place, mode=0o600) as draft:
            draft.write_bytes(msgspec.json.encode(positions))


def _file(tables: Sequence[Table], params: HubParams) -> Path:
    base = str(tables[0].place.base.resolve()) if tables else ""
    sizes = [(table.split, len(table.rows)) for table in tables]
    key = sha256(msgspec.json.encode([base, sizes, msgspec.to_builtins(params)])).hexdigest()
    return private_folder("hub") / "positions" / f"{key[:32]}.json"
