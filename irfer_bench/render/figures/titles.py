"""What a figure says of the cell that it shows."""

from __future__ import annotations

from irfer_bench.contracts.record import Record, Value
from irfer_bench.render.facts import name_row
from irfer_bench.render.numbers import number


def name_cell(record: Record) -> str:
    """Row and setting."""
    setting, translator, recognizer = record.row
    return f"{name_row(translator, recognizer)} on {setting}"


def describe_cell(record: Record) -> str:
    """Fold, seed, preset and test items."""
    cell = record.cell
    return (
        f"fold {cell.fold} of {cell.folds}, seed {cell.seed}, preset {cell.preset}, "
        f"{record.data.test} test items"
    )


def tell_scores(record: Record, *names: str) -> str:
    """Metrics with their 95 % intervals, of those that have a value; equal ones once."""
    found: list[str] = []
    known: list[Value] = []
    for name in dict.fromkeys(names):
        value = record.metrics.get(name)
        if value is None or value.value is None or value in known:
            continue
        known.append(value)
        unit = "%" if value.unit == "fraction" else value.unit
        text = f"{name} {number(value.value, value.unit)} {unit}".rstrip()
        if value.low is not None and value.high is not None:
            text += f" [{number(value.low, value.unit)}, {number(value.high, value.unit)}]"
        found.append(text)
    return ", ".join(found)
