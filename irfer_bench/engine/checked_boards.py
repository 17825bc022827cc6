"""Boards of a results folder, in memory: records are checked against predictions and ranked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from irfer_bench.contracts.record import Record
from irfer_bench.engine.signed_rows import mark_signed_rows
from irfer_bench.errors import BenchError, DamagedError
from irfer_bench.registry import Registry, load
from irfer_bench.statistics.board import Board, make_boards, without_collection
from irfer_bench.statistics.kept import KeptItems, Reader
from irfer_bench.statistics.measurement import lookup_in
from irfer_bench.statistics.verification import Rules, agreed, find_contradictions, with_rules
from irfer_bench.store.published import published_board
from irfer_bench.store.records import path_of, read_records


def read_boards(out: Path, setting: str, registry: Registry | None = None) -> list[Board]:
    """The boards of one setting.

    A record that contradicts its predictions is not used, and the board says so. Folds, seeds,
    primary metric and directions are those of the registered setting. Without any record, there
    is a board without rows where values are published.

    Raises:
        DamagedError: there are records and none of them can be read.
    """
    with without_collection():
        found = list(read_records(out, setting))
        return check_boards(out, setting, found, registry) if found else _published_alone(setting)


def check_boards(
    out: Path,
    setting: str,
    found: Sequence[Record | DamagedError],
    registry: Registry | None = None,
) -> list[Board]:
    """The boards of some of a setting's records, checked as `read_boards` checks all of them.

    Raises:
        DamagedError: there are records and none of them can be believed.
    """
    records = [record for record in found if isinstance(record, Record)]
    rules = rules_of(setting, records, registry or load())
    if rules is None:
        return make_boards(found, out)
    reader = Reader(out)
    boards = make_boards(_checked(out, found, rules, reader), out, rules.lookup, reader)
    for board in boards:
        board.notes += _notes(board, rules)
        board.protocol = _sentence(rules.summary)
        board.published = published_board(setting)
    mark_signed_rows(out, boards)
    return boards


def _published_alone(setting: str) -> list[Board]:
    found = published_board(setting)
    if found is None:
        return []
    primary, *_ = found.metrics
    return [Board(setting, "", "", "", primary, [], [], [], published=found)]


def rules_of(setting: str, records: Sequence[Record], registry: Registry) -> Rules | None:
    """What the registered setting fixes; where it is not installed, what its records agree on."""
    lookup = lookup_in(registry)
    try:
        own = registry.setting(setting)
    except BenchError:
        return agreed(records, lookup) if records else None
    return Rules(own.version, own.folds, own.seeds, own.primary, lookup, summary=own.summary)


def _checked(
    out: Path, found: Sequence[Record | DamagedError], rules: Rules, reader: Reader
) -> list[Record | DamagedError]:
    """The records by the setting's rules, or why they are not believed."""
    results = {
        k: with_rules(record, rules)
        for k, record in enumerate(found)
        if isinstance(record, Record) and record.outcome == "ok"
    }
    read = [(record, _read(reader, record)) for record in results.values()]
    wrong = dict(zip(results, find_contradictions(read, rules.lookup), strict=True))
    return [
        _believed(out, results.get(k, record), wrong.get(k, "")) for k, record in enumerate(found)
    ]


def _read(reader: Reader, record: Record) -> KeptItems | None:
    try:
        return reader.read(record)
    except DamagedError:
        return None  # the board says it of the row


def _believed(
    out: Path, record: Record | DamagedError, contradiction: str
) -> Record | DamagedError:
    if isinstance(record, DamagedError) or not contradiction:
        return record
    return DamagedError(f"{path_of(out, record.cell, record.key).name}: {contradiction}")


def _sentence(summary: str) -> str:
    text = summary.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _notes(board: Board, rules: Rules) -> list[str]:
    if not rules.installed:
        return [
            f"Setting {board.setting} is not installed here: folds, seeds and primary metric are "
            "as its records say."
        ]
    if board.version != rules.version:
        return [
            f"Setting {board.setting} is of version {rules.version} today: folds, seeds and "
            f"primary metric of version {board.version} are as its records say."
        ]
    return []
