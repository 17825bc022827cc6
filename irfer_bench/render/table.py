"""Records of one setting become ranked rows: ties share a rank, partial rows have none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from irfer_bench import stats
from irfer_bench.errors import DamagedError
from irfer_bench.records import Record, Value, predictions_path
from irfer_bench.stats import ItemValues, MetricName, Predictions
from irfer_bench.store import read_json

RANKED: dict[str, MetricName] = {
    "accuracy": "accuracy",
    "war": "accuracy",
    "uar": "uar",
    "macro_f1": "macro_f1",
}


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

    @property
    def complete(self) -> bool:
        return not any(mark.startswith("partial") for mark in self.marks)


@dataclass
class Board:
    """One setting's rows in order, and what could not be shown."""

    setting: str
    primary: str
    preset: str
    metrics: list[str]
    rows: list[Row]
    problems: list[str]


def make_boards(records: Iterable[Record | DamagedError], folder: Path) -> list[Board]:
    """One board per setting and preset: numbers made differently never share a table."""
    groups: dict[tuple[str, str, str, str], list[Record]] = defaultdict(list)
    problems: list[str] = []
    for record in records:
        if isinstance(record, DamagedError):
            problems.append(str(record))
            continue
        cell = record.cell
        backbone = str((record.data or {}).get("fingerprint", ""))
        groups[cell["setting"], cell["preset"], cell["setting_version"], backbone].append(record)
    boards = [
        _board(setting, preset, members, folder)
        for (setting, preset, _, _), members in sorted(groups.items())
    ]
    if boards:
        boards[0].problems.extend(problems)
    return boards


def _board(setting: str, preset: str, records: Sequence[Record], folder: Path) -> Board:
    grouped: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda r: (r.cell["fold"], r.cell["seed"], r.created)):
        grouped[record.cell["translator"], record.cell["recognizer"]].append(record)
    rows = [_row(*name, _latest(members)) for name, members in grouped.items()]
    newest = max(records, key=lambda record: record.created)
    primary = newest.cell["primary"]
    names = list(dict.fromkeys(name for record in records for name in record.metrics))
    board = Board(setting, primary, preset, names, rows, [])
    _pool(board, folder)
    _rank(board, folder)
    sign = -1 if newest.metrics[primary].direction == "higher" else 1
    board.rows.sort(
        key=lambda row: (
            row.rank is None,
            row.rank or 0,
            sign * _number(row.metrics[primary].value),
            row.translator,
            row.recognizer,
        )
    )
    return board


def _latest(records: Sequence[Record]) -> list[Record]:
    """One record per fold and seed: the newest, where a component's version changed."""
    newest = {(record.cell["fold"], record.cell["seed"]): record for record in records}
    return [newest[key] for key in sorted(newest)]


def _row(translator: str, recognizer: str, records: list[Record]) -> Row:
    row = Row(translator, recognizer, records)
    cell = records[0].cell
    folds = {record.cell["fold"] for record in records}
    seeds = {record.cell["seed"] for record in records}
    if len(records) < cell["folds"] * cell["seeds"]:
        row.marks.append(
            f"partial: {len(folds)} of {cell['folds']} folds, {len(seeds)} of {cell['seeds']} seeds"
        )
    if any(record.data["unlabelled_target"] for record in records):
        row.marks.append("unlabelled target")
    if any(record.data["incomplete"] for record in records):
        row.marks.append("incomplete data")
    if any(record.data["subjects"] == "unchecked" for record in records if record.recognizer):
        row.marks.append("subjects unchecked")
    row.seconds = sum(step["seconds"] for record in records for step in record.steps)
    for name in records[0].metrics:
        row.metrics[name] = _mean([record.metrics[name] for record in records])
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


def pooled(row: Row, folder: Path, metric: str) -> Predictions | ItemValues | None:
    """All folds' and seeds' items of a row for a metric, or None where they are not there."""
    kept = [_predictions(record, folder) for record in row.records]
    if metric in RANKED and all("items" in each for each in kept):
        items = [item for each in kept for item in each["items"]]
        classes = row.records[0].classes
        labels = np.array([classes.index(item[2]) for item in items])
        predicted = np.array([int(np.argmax(item[3])) for item in items])
        ids, subjects = [item[0] for item in items], [item[1] for item in items]
        return Predictions(ids, subjects, labels, predicted, len(classes))
    if all(metric in each.get("values", {}) for each in kept):
        return ItemValues(
            [name for each in kept for name in each["pairs"]],
            [name for each in kept for name in each["subjects"]],
            np.array([value for each in kept for value in each["values"][metric]]),
        )
    return None


def _predictions(record: Record, folder: Path) -> dict[str, Any]:
    try:
        found = read_json(predictions_path(folder, record))
    except DamagedError:
        return {}
    return found if isinstance(found, dict) else {}


def _pool(board: Board, folder: Path) -> None:
    """Intervals of rows with several records: bootstrap over subjects, folds pooled."""
    for row in board.rows:
        if len(row.records) < 2:
            continue
        for name, value in row.metrics.items():
            items = pooled(row, folder, name) if value.value is not None else None
            if items is not None:
                _, low, high = stats.estimate(items, RANKED.get(name, "accuracy"))
                row.metrics[name] = msgspec.structs.replace(value, low=low, high=high)


def _rank(board: Board, folder: Path) -> None:
    """Rank complete rows that can be compared item by item."""
    comparable = [
        (row, items)
        for row in board.rows
        if row.complete and (items := pooled(row, folder, board.primary)) is not None
    ]
    if not comparable:
        return
    higher = comparable[0][0].metrics[board.primary].direction == "higher"
    ranks = stats.rank(
        [items for _, items in comparable],
        RANKED.get(board.primary, "accuracy"),
        higher_is_better=higher,
    )
    for (row, _), rank in zip(comparable, ranks, strict=True):
        row.rank = rank


def _number(value: float | None) -> float:
    return float("-inf") if value is None else value
