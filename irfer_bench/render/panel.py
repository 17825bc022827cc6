"""The result of one cell as text for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from irfer_bench.contracts.record import Record, Value
from irfer_bench.render.escape import terminal
from irfer_bench.render.numbers import duration, number
from irfer_bench.render.remarks import remarks, tell_chance


def render_panel(record: Record, path: Path) -> str:
    """Metrics with intervals, time per step, confusion matrix, warnings, where the record is."""
    lines = ["", _heading(record)]
    if record.outcome == "ok":
        lines += _results(record)
    else:
        lines += [f"no result: {record.outcome}"]
    notes = (*remarks(record), *record.warnings)
    lines += [f"note: {terminal(note)}" for note in notes]
    return "\n".join([*lines, "", terminal(f"record {path}")])


def _heading(record: Record) -> str:
    setting, translator, recognizer = map(terminal, record.row)
    cell = record.cell
    return (
        f"{translator} × {recognizer} on {setting}, fold {cell.fold} of {cell.folds}, "
        f"seed {cell.seed}, preset {terminal(cell.preset)}"
    )


def _results(record: Record) -> list[str]:
    lines = [
        _counts(record),
        "",
        tabulate(
            [_metric(name, value) for name, value in record.metrics.items()],
            ["metric", "value", "95 % interval over subjects"],
            tablefmt="simple",
            disable_numparse=True,
            maxcolwidths=[None, None, 78],
        ),
        "",
        tabulate(
            [[terminal(step.title), duration(step.seconds)] for step in record.steps],
            ["step", "time"],
            tablefmt="simple",
            disable_numparse=True,
        ),
    ]
    if record.confusion is not None:
        names = [terminal(name) for name in record.classes]
        short = [name[:9] for name in names]
        rows = [[name, *counts] for name, counts in zip(names, record.confusion, strict=False)]
        lines += ["", tabulate(rows, ["true \\ predicted", *short], tablefmt="simple")]
    return lines


def _counts(record: Record) -> str:
    data = record.data
    trained = f"trained on {data.train_source} source and {data.train_target} target clips"
    return "; ".join(filter(None, [f"{trained}, tested on {data.test}", tell_chance(record)]))


def render_summary(records: Sequence[Record]) -> str:
    """One line per cell, for runs of many cells."""
    rows = [
        [
            *map(terminal, record.row),
            record.cell.fold,
            record.cell.seed,
            *_primary(record),
        ]
        for record in records
    ]
    headers = ["setting", "translator", "recognizer", "fold", "seed", "primary", "95 % interval"]
    return "\n" + str(tabulate(rows, headers, tablefmt="simple", disable_numparse=True))


def _primary(record: Record) -> tuple[str, str]:
    name = record.cell.primary
    if name not in record.metrics:
        return record.outcome, ""
    _, value, interval = _metric(name, record.metrics[name])
    return value, interval[:40]


def _metric(name: str, value: Value) -> list[str]:
    if value.value is None:
        return [terminal(name), "–", terminal(value.reason)]
    unit = "%" if value.unit == "fraction" else terminal(value.unit)
    low_high = ""
    if value.low is not None and value.high is not None:
        low_high = f"{number(value.low, value.unit)} to {number(value.high, value.unit)}"
    return [terminal(name), f"{number(value.value, value.unit)} {unit}".strip(), low_high]
