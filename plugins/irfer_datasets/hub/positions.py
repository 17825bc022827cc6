"""Row positions of items, kept so that other processes need not read all rows again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec

from irfer_bench.api import atomic_file, private_folder
from irfer_datasets.hub.params import HubParams
from irfer_datasets.hub.rows import opaque
from irfer_datasets.hub.survey import Position
from irfer_datasets.hub.tables import Table


def by_column(tables: Sequence[Table]) -> dict[str, Position] | None:
    """From the id column alone; None where a row has no id of its own."""
    positions: dict[str, Position] = {}
    for number, table in enumerate(tables):
        name = table.columns.names.get("row_id")
        if name is None:
            return None
        for place, value in enumerate(table.rows.with_format(None).select_columns([name])[name]):
            if value is None or not str(value).strip():
                return None
            positions.setdefault(opaque(str(value).strip()), (number, place))
    return positions


def recall(tables: Sequence[Table], params: HubParams) -> dict[str, Position] | None:
    """Positions of the last survey; a hint only: the reader compares the row's id."""
    try:
        return msgspec.json.decode(_file(tables, params).read_bytes(), type=dict[str, Position])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
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
