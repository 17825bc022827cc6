"""Records of one setting become ranked rows: ties share a rank, partial rows have none."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError
from irfer_bench.records import Record, Value, predictions_path

RANKED = {"accuracy": "accuracy", "war": "accuracy", "uar": "uar", "macro_f1": "macro_f1"}


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


def pooled(row: Row, folder: Path) -> Any | None:
    """All folds' and seeds' predictions of a row, or None where they are not there."""
    import numpy as np

    from irfer_bench.stats import Predictions

    items: list[Any] = []
    for record in row.records:
        path = predictions_path(folder, record)
        if record.confusion is None or not path.is_file():
            return None
        items += json.loads(path.read_text())["items"]
    classes = row.records[0].classes
    labels = np.array([classes.index(item[2]) for item in items])
    predicted = np.array([int(np.argmax(item[3])) for item in items])
    return Predictions(
        [item[0] for item in items], [item[1] for item in items], labels, predicted, len(classes)
    )


def _pool(board: Board, folder: Path) -> None:
    """Intervals of rows with several folds: bootstrap over subjects, folds pooled."""
    from irfer_bench import stats

    for row in board.rows:
        if len(row.records) < 2:
            continue
        predictions = pooled(row, folder)
        for name, known in RANKED.items():
            if predictions is not None and name in row.metrics:
                _, low, high = stats.estimate(predictions, known)  # type: ignore[arg-type]
                value = row.metrics[name]
                row.metrics[name] = Value(
                    value=value.value,
                    low=low,
                    high=high,
                    direction=value.direction,
                    unit=value.unit,
                )


def _rank(board: Board, folder: Path) -> None:
    """Rank complete rows that can be compared item by item."""
    from irfer_bench import stats

    if board.primary not in RANKED:
        return
    known = RANKED[board.primary]
    comparable = []
    for row in board.rows:
        predictions = pooled(row, folder) if row.complete else None
        if predictions is not None:
            comparable.append((row, predictions))
    if not comparable:
        return
    ranks = stats.rank([predictions for _, predictions in comparable], known)  # type: ignore[arg-type]
    for (row, _), rank in zip(comparable, ranks, strict=True):
        row.rank = rank


def _number(value: float | None) -> float:
    return float("-inf") if value is None else value
