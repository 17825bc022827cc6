"""Which metrics of a board stand in its table and which, for a stated reason, in its appendix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from irfer_bench.statistics.measurement import Installed
from irfer_bench.store.keys import canonical

if TYPE_CHECKING:
    from irfer_bench.statistics.rows import Row

OWN_JUDGE = frozenset({"pair_scores", "pair_target_scores", "features"})
"""What a row's own recognizer says of translated images."""
NOT_COMPARABLE = "measured with each row's own recognizer: not comparable between rows"
OFFSET_ROWS = 3
"""Rows from which on a constant distance between two columns is no coincidence."""


@dataclass(frozen=True, slots=True)
class Column:
    """One metric of a board.

    Args:
        unit: percent where it is `fraction`. reason: why it stands in the appendix; empty for
            a column of the table. shown: whether its values are worth a look there.
    """

    name: str
    unit: str = ""
    reason: str = ""
    shown: bool = True


def divide_columns(
    names: Sequence[str], primary: str, rows: Sequence[Row], known: Mapping[str, Installed | None]
) -> tuple[list[Column], list[Column]]:
    """The columns of the table, the primary metric first, and those of the appendix."""
    table: list[Column] = []
    appendix: list[Column] = []
    for name in sorted(names, key=lambda name: name != primary):
        unit = _unit(name, rows)
        reason, shown = "", True
        if name != primary:
            reason, shown = _reason(name, [column.name for column in table], rows, known.get(name))
        (appendix if reason else table).append(Column(name, unit, reason, shown))
    return table, appendix


def _reason(
    name: str, before: Sequence[str], rows: Sequence[Row], known: Installed | None
) -> tuple[str, bool]:
    values = _values(name, rows)
    if not any(value is not None for value in values):
        reasons = sorted({row.metrics[name].reason for row in rows if name in row.metrics})
        return f"no value in any row: {'; '.join(filter(None, reasons)) or 'not computed'}", False
    for other in before:
        same_unit = _unit(other, rows) == _unit(name, rows)
        found = _distance(values, _values(other, rows)) if same_unit else None
        if found == 0:
            return f"equal to {other} in every row", False
        if found is not None:
            return f"{other} {'+' if found > 0 else '-'} {abs(found):.2f} in every row", False
    if known is not None and known.metric.consumes & OWN_JUDGE and not _one_judge(name, rows):
        return NOT_COMPARABLE, True
    return "", True


def _unit(name: str, rows: Sequence[Row]) -> str:
    return next((row.metrics[name].unit for row in rows if name in row.metrics), "")


def _values(name: str, rows: Sequence[Row]) -> list[float | None]:
    return [row.metrics[name].value if name in row.metrics else None for row in rows]


def _distance(values: Sequence[float | None], others: Sequence[float | None]) -> float | None:
    """By how much two columns differ in every row, or None; 0 where they are equal."""
    if [value is None for value in values] != [other is None for other in others]:
        return None
    gaps = [a - b for a, b in zip(values, others, strict=True) if a is not None and b is not None]
    if max(map(abs, gaps)) < 1e-9:
        return 0.0
    varied = len({round(value, 9) for value in values if value is not None}) >= OFFSET_ROWS
    return gaps[0] if varied and max(gaps) - min(gaps) < 1e-6 else None


def _one_judge(name: str, rows: Sequence[Row]) -> bool:
    """Whether one and the same fitted recognizer stands behind all values of a metric."""
    judges: dict[tuple[int, int], set[str]] = {}
    for row in rows:
        if name in row.metrics and row.metrics[name].value is not None:
            for record in row.records:
                fitted = [s.key for s in record.steps if s.kind == "fit_recognizer"]
                judge = canonical(msgspec.to_builtins([record.recognizer, fitted]))
                judges.setdefault((record.cell.fold, record.cell.seed), set()).add(judge)
    return all(len(keys) == 1 for keys in judges.values())
