"""Records of one setting become a board: rows with intervals, ranges of ranks, columns."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from irfer_bench.contracts.published import PublishedBoard
from irfer_bench.contracts.record import Record, Value
from irfer_bench.errors import DamagedError
from irfer_bench.registry import load
from irfer_bench.statistics.bootstrap import Sums
from irfer_bench.statistics.columns import Column, divide_columns
from irfer_bench.statistics.comparison import Comparison, compare
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.measurement import Installed, Lookup, lookup_in
from irfer_bench.statistics.pooling import Pool, pool
from irfer_bench.statistics.ranking import (
    PROVISIONAL,
    Family,
    Primary,
    describe,
    families_of,
    place_rows,
    rank_partial_rows,
    rank_rows,
)
from irfer_bench.statistics.rows import Row, make_rows
from irfer_bench.statistics.tables import Tables


@dataclass
class Board:
    """One setting's rows in order, and what could not be shown.

    Args:
        version: of the setting. data: the dataset's fingerprint.
        metrics: every metric of any record; `columns` and `appendix` divide them.
        families: which ranks the rows have; the first one orders the board.
        legend: how ranks and intervals of this board are to be read, in sentences.
        notes: what a reader should know of the setting, in sentences.
        protocol: the setting in one sentence.
        published: printed values of its protocol; a board of these alone has no rows.
    """

    setting: str
    preset: str
    version: str
    data: str
    primary: str
    metrics: list[str]
    rows: list[Row]
    problems: list[str]
    columns: list[Column] = field(default_factory=list)
    appendix: list[Column] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    legend: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    protocol: str = ""
    published: PublishedBoard | None = None


def make_boards(
    records: Iterable[Record | DamagedError],
    folder: Path,
    lookup: Lookup | None = None,
    reader: Reader | None = None,
) -> list[Board]:
    """One board per setting, preset, version and data: only like is set beside like.

    Args:
        lookup: metrics by name; by default those of the installed plugins.
        reader: has read the records' predictions already.

    Raises:
        DamagedError: there are records and none of them can be read.
    """
    groups: dict[tuple[str, str, str, str], list[Record]] = defaultdict(list)
    problems: list[str] = []
    failures: list[str] = []
    for record in records:
        if isinstance(record, DamagedError):
            problems.append(record.message)
            continue
        cell = record.cell
        kind = cell.setting, cell.preset, cell.setting_version, record.data.fingerprint
        if record.outcome == "ok":
            groups[kind].append(record)
        else:
            failures.append(_failure(record))
    known = lookup or (lookup_in(load()) if groups else lambda name: None)
    reader = reader or Reader(folder)
    with without_collection():
        boards = [_board(names, own, reader, known) for names, own in sorted(groups.items())]
    if boards:
        boards[0].problems = problems + failures + boards[0].problems
    elif problems:
        raise DamagedError(f"no record can be read: {problems[0]}", "run its cell again")
    return boards


@contextmanager
def without_collection() -> Iterator[None]:
    """Decoded predictions are freed as they go; the collector would only walk over them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def compare_rows(
    a: Row, b: Row, metric: str, folder: Path, lookup: Lookup | None = None
) -> Comparison:
    """Compare two rows of a board by one metric over the same items.

    Raises:
        UnavailableError: the metric is not installed or keeps nothing of its items.
        ContractError: its code does not keep its contract.
        ValueError: the rows do not hold the same items. DamagedError: predictions were edited.
    """
    known = (lookup or lookup_in(load()))(metric)
    one, other = (pool(row.records, Reader(folder)).sums(metric, known) for row in (a, b))
    return compare(one, other)


def _failure(record: Record) -> str:
    cell = record.cell
    why = record.warnings[0] if record.warnings else "no reason was recorded"
    return (
        f"{cell.translator} × {cell.recognizer}, fold {cell.fold}, seed {cell.seed}: "
        f"{record.outcome}: {why}"
    )


def _board(
    names: tuple[str, str, str, str], records: Sequence[Record], reader: Reader, lookup: Lookup
) -> Board:
    newest = max(records, key=lambda record: (record.created, record.key))
    metrics = list(dict.fromkeys(name for record in records for name in record.metrics))
    known = {name: lookup(name) for name in metrics}
    versions, records = _keep_one_version(known, records)
    asked = newest.cell.primary
    primary = _primary(asked, metrics, records)
    board = Board(*names, primary, metrics, list(make_rows(records)), [])
    if primary != asked:
        board.legend.append(f"The primary metric {asked} has no value here: {primary} ranks.")
    pools = [_pooled(row, board, reader) for row in board.rows]
    for row, own in zip(board.rows, pools, strict=True):
        row.kept = not own.empty
    tables = Tables(board.rows, pools, known, versions)
    tables.add_intervals()
    _rank(board, tables, known.get(primary))
    board.problems += tables.problems
    board.columns, board.appendix = divide_columns(metrics, primary, board.rows, known)
    board.legend += [
        f"{name} is of version {versions[name]} of the metric; installed is {own.version}."
        for name, own in known.items()
        if own is not None and own.version != versions[name]
    ]
    return board


def _keep_one_version(
    known: Mapping[str, Installed | None], records: Sequence[Record]
) -> tuple[dict[str, str], list[Record]]:
    """The version of each metric's column, and the records without values of any other.

    The column is of the installed version, which alone can be checked; where no record has a
    value of it, of the newest record that has one.
    """
    versions = {name: r.metrics[name].version for r in records for name in r.metrics}
    for record in sorted(records, key=lambda record: (record.created, record.key)):
        versions |= {n: v.version for n, v in record.metrics.items() if v.value is not None}
    for name, own in known.items():
        if own is not None and any(
            value.version == own.version and value.value is not None
            for record in records
            if (value := record.metrics.get(name)) is not None
        ):
            versions[name] = own.version
    kept = []
    for record in records:
        others = {
            name: Value(
                value=None, direction=value.direction, unit=value.unit, version=versions[name],
                reason=f"measured by version {value.version} of {name}, this column is of "
                f"version {versions[name]}: run the cell again",
            )
            for name, value in record.metrics.items()
            if value.value is not None and value.version != versions[name]
        }  # fmt: skip
        same = msgspec.structs.replace(record, metrics=record.metrics | others)
        kept.append(same if others else record)
    return versions, kept


def _primary(named: str, metrics: Sequence[str], records: Sequence[Record]) -> str:
    """The setting's primary metric, or its first one that has values (LPIPS without weights)."""

    def has_values(name: str) -> bool:
        return any(r.metrics[name].value is not None for r in records if name in r.metrics)

    return next((name for name in (named, *metrics) if has_values(name)), named)


def _pooled(row: Row, board: Board, reader: Reader) -> Pool:
    try:
        return pool(row.records, reader)
    except (DamagedError, ValueError, KeyError) as error:
        # A row whose items cannot be read or pooled keeps its means and has neither rank nor
        # interval.
        board.problems.append(f"intervals of {row.translator} × {row.recognizer}: {error}")
        return Pool()


def _rank(board: Board, tables: Tables, known: Installed | None) -> None:
    """Rank complete rows, put the board into order and say how to read it, or why not."""
    name = board.primary
    value = next((row.metrics[name] for row in board.rows if name in row.metrics), None)
    primary = Primary(
        name,
        direction=value.direction if value else "higher",
        unit=value.unit if value else "",
        margin=known.margin if known else 0.0,
    )
    ranked: list[tuple[Row, Sums]] = []
    partial: list[tuple[Row, Sums]] = []
    unranked: list[tuple[Row, str]] = []
    for k, row in enumerate(board.rows):
        row.number = k
        found = tables.sums(name, k)
        if not row.complete:
            if isinstance(found, Sums) and primary.direction != "none":
                partial.append((row, found))
            continue
        if primary.direction == "none":
            unranked.append((row, f"metric {name} has no better direction"))
        elif isinstance(found, Sums):
            ranked.append((row, found))
        else:
            unranked.append((row, found))
    board.families = families_of(board.rows)
    problem = rank_rows(ranked, primary)
    provisional = rank_partial_rows(partial, primary)
    place_rows(board.rows, board.families[0], primary)
    if ranked and not problem:
        board.legend += describe(board.families, primary, Counter(row.fits for row, _ in ranked))
        for row, reason in unranked:
            row.marks.append(f"not ranked: {reason}")
    else:
        reasons = sorted({problem} if problem else {reason for _, reason in unranked})
        board.legend += [f"Not ranked: {reason}." for reason in reasons]
        if provisional:
            board.legend += describe(board.families, primary, Counter(r.fits for r, _ in partial))
    if provisional:
        board.legend.append(PROVISIONAL)
