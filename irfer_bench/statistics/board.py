"""Records of one setting become ranked rows: ties share a rank, partial rows have none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from pathlib import Path
from typing import Any

import msgspec

from irfer_bench.errors import DamagedError
from irfer_bench.statistics import comparison as stats
from irfer_bench.statistics.pooling import RANKED, Pool, pool
from irfer_bench.store.keys import canonical
from irfer_bench.store.records import Record, Value


@dataclass
class Row:
    """All records equal but for fold and seed."""

    translator: str
    recognizer: str
    records: list[Record]
    rank: int | None = None
    marks: list[str] = field(default_factory=list)
    metrics: dict[str, Value] = field(default_factory=dict)
    seconds: float = 0.0
    complete: bool = False


@dataclass
class Board:
    """One setting's rows in order, and what could not be shown.

    Args:
        version: of the setting. data: the dataset's fingerprint.
    """

    setting: str
    preset: str
    version: str
    data: str
    primary: str
    metrics: list[str]
    rows: list[Row]
    problems: list[str]


def make_boards(records: Iterable[Record | DamagedError], folder: Path) -> list[Board]:
    """One board per setting, preset, version and data: only like is set beside like.

    Raises:
        DamagedError: there are records and none of them can be read.
    """
    groups: dict[tuple[str, str, str, str], list[Record]] = defaultdict(list)
    problems: list[str] = []
    for record in records:
        if isinstance(record, DamagedError):
            problems.append(record.message)
            continue
        if record.outcome != "ok":
            problems.append(f"{' '.join(record.row)}: {record.outcome}")
            continue
        cell, data = record.cell, str(record.data.get("fingerprint"))
        groups[cell["setting"], cell["preset"], cell["setting_version"], data].append(record)
    boards = [_board(names, members, folder) for names, members in sorted(groups.items())]
    if boards:
        boards[0].problems = problems + boards[0].problems
    elif problems:
        raise DamagedError(f"no record can be read: {problems[0]}", "run its cell again")
    return boards


def _board(names: tuple[str, str, str, str], records: Sequence[Record], folder: Path) -> Board:
    newest = max(records, key=lambda record: (record.created, record.key))
    metrics = list(dict.fromkeys(name for record in records for name in record.metrics))
    primary = _primary(newest.cell["primary"], metrics, records)
    board = Board(*names, primary, metrics, list(_rows(records)), [])
    pools = [_pooled(row, board, folder) for row in board.rows]
    higher = primary not in newest.metrics or newest.metrics[primary].direction != "lower"
    _rank(board, pools, higher)
    board.rows.sort(key=lambda row: _place(row, primary, higher))
    return board


def _primary(named: str, metrics: Sequence[str], records: Sequence[Record]) -> str:
    """The setting's primary metric, or its first one that has values (LPIPS without weights)."""

    def known(name: str) -> bool:
        return any(r.metrics[name].value is not None for r in records if name in r.metrics)

    return next((name for name in (named, *metrics) if known(name)), named)


def _place(row: Row, primary: str, higher: bool) -> tuple[Any, ...]:
    value = row.metrics[primary].value if primary in row.metrics else None
    signed = 0.0 if value is None else -value if higher else value
    names = row.translator, row.recognizer, "; ".join(row.marks)
    return row.rank is None, row.rank or 0, value is None, signed, *names


def _rows(records: Sequence[Record]) -> Iterator[Row]:
    named: dict[tuple[str, str], dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in sorted(records, key=lambda r: (r.cell["fold"], r.cell["seed"], r.created, r.key)):
        _, translator, recognizer = record.row
        named[translator, recognizer][canonical(_identity(record))].append(record)
    for (translator, recognizer), kinds in named.items():
        differing = _differences([members[0] for members in kinds.values()])
        for members, marks in zip(kinds.values(), differing, strict=True):
            yield _row(translator, recognizer, _latest(members), marks)


def _identity(record: Record) -> dict[str, Any]:
    """What two records of one row have in common besides their names."""
    facts = {name: record.cell.get(name, "") for name in ("precision", "fit_translator_on")}
    for role in ("translator", "recognizer"):
        method: Mapping[str, Any] = getattr(record, role) or {}
        for name in ("version", "distribution", "inputs", "params"):
            facts[f"{role} {name}"] = method.get(name)
    return facts


def _differences(records: Sequence[Record]) -> list[list[str]]:
    """In what each of several rows of one name differs from the others."""
    known = [_identity(record) for record in records]
    odd = [name for name in known[0] if len({canonical(facts[name]) for facts in known}) > 1]
    return [[f"{name} {canonical(facts[name])[:60]}" for name in odd] for facts in known]


def _latest(records: Sequence[Record]) -> list[Record]:
    """One record per fold and seed: the newest."""
    newest = {(record.cell["fold"], record.cell["seed"]): record for record in records}
    return [newest[key] for key in sorted(newest)]


def _row(translator: str, recognizer: str, records: list[Record], marks: list[str]) -> Row:
    cell = records[0].cell
    folds: dict[int, set[int]] = defaultdict(set)
    for record in records:
        folds[record.cell["seed"]].add(record.cell["fold"])
    whole = {seed for seed, own in folds.items() if len(own) >= cell["folds"]}
    row = Row(translator, recognizer, records, complete=len(whole) >= cell["seeds"])
    if row.complete:  # a further seed counts when all its folds are there
        row.records = records = [r for r in records if r.cell["seed"] in whole]
    else:
        there = len(set.union(*folds.values()))
        row.marks.append(
            f"partial: {there} of {cell['folds']} folds, {len(folds)} of {cell['seeds']} seeds"
        )
    if cell.get("fit_translator_on"):
        row.marks.append(f"translator fitted on {cell['fit_translator_on']}")
    if any(record.data.get("unlabelled_target") for record in records):
        row.marks.append("unlabelled target")
    if any(record.data.get("incomplete") for record in records):
        row.marks.append("incomplete data")
    if any(r.data.get("subjects") == "unchecked" for r in records if r.recognizer):
        row.marks.append("subjects unchecked")
    row.marks += marks
    row.seconds = sum(step["seconds"] for record in records for step in record.steps)
    for name in records[0].metrics:
        row.metrics[name] = _mean([r.metrics[name] for r in records if name in r.metrics])
    return row


def _mean(values: Sequence[Value]) -> Value:
    """Mean over folds and seeds; the interval is kept only where there is one record."""
    if len(values) == 1:
        return values[0]
    known = [value.value for value in values if value.value is not None]
    first = values[0]
    if len(known) < len(values):
        reason = next((value.reason for value in values if value.reason), "")
        return Value(value=None, reason=reason, direction=first.direction, unit=first.unit)
    return Value(value=sum(known) / len(known), direction=first.direction, unit=first.unit)


def _pooled(row: Row, board: Board, folder: Path) -> Pool:
    """The row's items; its intervals become those over subjects, folds and seeds pooled."""
    try:
        items = pool(row.records, folder)
        if len(row.records) > 1:
            _bootstrap(row, items)
    except (DamagedError, ValueError, KeyError) as error:
        # A row whose items cannot be read or pooled keeps its means and has neither rank nor
        # interval.
        board.problems.append(f"intervals of {row.translator} × {row.recognizer}: {error}")
        return Pool()
    return items


def _bootstrap(row: Row, items: Pool) -> None:
    wanted = [name for name, value in row.metrics.items() if value.value is not None]
    ends: dict[str, tuple[float, float]] = {}
    if items.predictions is not None:
        formulas = sorted({RANKED[name] for name in wanted if name in RANKED})
        found = stats.estimate_all(items.predictions, formulas)
        ends = {name: found[RANKED[name]] for name in wanted if name in RANKED}
    for name in wanted:
        if name in items.values:
            _, low, high = stats.estimate(items.values[name])
            ends[name] = (low, high)
    for name, (low, high) in ends.items():
        if not isnan(low):  # one subject has no interval
            row.metrics[name] = msgspec.structs.replace(row.metrics[name], low=low, high=high)


def _rank(board: Board, pools: Sequence[Pool], higher: bool) -> None:
    """Rank complete rows that hold the same items; the most common set of items is the board's."""
    comparable = [
        (row, items, frozenset(items.ids))
        for row, each in zip(board.rows, pools, strict=True)
        if row.complete and (items := each.of(board.primary)) is not None
    ]
    if not comparable:
        return
    common, _ = Counter(ids for _, _, ids in comparable).most_common(1)[0]
    for row, _, ids in comparable:
        if ids != common:
            row.marks.append("other items: not ranked")
    same = [(row, items) for row, items, ids in comparable if ids == common]
    try:
        ranks = stats.rank(
            [items for _, items in same],
            RANKED.get(board.primary, "accuracy"),
            higher_is_better=higher,
        )
    except ValueError as error:
        board.problems.append(f"ranks: {error}")
        return
    for (row, _), rank in zip(same, ranks, strict=True):
        row.rank = rank
