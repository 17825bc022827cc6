"""One cell's result as a newcomer reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from irfer_bench.render.escape import terminal
from irfer_bench.render.numbers import duration, number
from irfer_bench.store.records import Record, Value


def render_panel(record: Record, path: Path) -> str:
    """Metrics with intervals, time per step, confusion matrix, warnings, where the record is."""
    setting, translator, recognizer = record.row
    cell = record.cell
    lines = [
        "",
        f"{terminal(translator)} × {terminal(recognizer)} on {terminal(setting)}, "
        f"fold {cell['fold']} of {cell['folds']}, seed {cell['seed']}, "
        f"preset {terminal(cell['preset'])}",
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
            [[terminal(step["title"]), duration(step["seconds"])] for step in record.steps],
            ["step", "time"],
            tablefmt="simple",
            disable_numparse=True,
        ),
    ]
    if record.confusion is not None:
        names = [terminal(name) for name in record.classes]
        short = [name[:9] for name in names]
        rows = [[name, *counts] for name, counts in zip(names, record.confusion, strict=False)]
        lines += ["", tabulate(rows, ["true \\ said", *short], tablefmt="simple")]
    lines += [f"note: {terminal(warning)}" for warning in record.warnings]
    return "\n".join([*lines, "", f"record {path}"])


def _counts(record: Record) -> str:
    source, target, test = (record.data.get(n) for n in ("train_source", "train_target", "test"))
    text = f"trained on {source} source and {target} target clips, tested on {test}"
    return terminal(text)


def render_summary(records: Sequence[Record]) -> str:
    """One line per cell, for runs of many cells."""
    rows = [
        [
            *map(terminal, record.row),
            record.cell["fold"],
            record.cell["seed"],
            " ".join(_metric(record.cell["primary"], record.metrics[record.cell["primary"]])[1:2]),
            _metric(record.cell["primary"], record.metrics[record.cell["primary"]])[2][:40],
        ]
        for record in records
    ]
    headers = ["setting", "translator", "recognizer", "fold", "seed", "primary", "95 % interval"]
    return "\n" + str(tabulate(rows, headers, tablefmt="simple", disable_numparse=True))


def _metric(name: str, value: Value) -> list[str]:
    if value.value is None:
        return [terminal(name), "–", terminal(value.reason)]
    unit = "%" if value.unit == "fraction" else terminal(value.unit)
    low_high = ""
    if value.low is not None and value.high is not None:
        low_high = f"{number(value.low, value.unit)} to {number(value.high, value.unit)}"
    return [terminal(name), f"{number(value.value, value.unit)} {unit}".strip(), low_high]
