"""The result of a cell, and of several cells, as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from irfer_bench.contracts.record import Record, Value
from irfer_bench.render.escape import terminal
from irfer_bench.render.facts import name_row
from irfer_bench.render.footnotes import Footnotes
from irfer_bench.render.layout import beside, columns, placed, wrapped
from irfer_bench.render.numbers import duration, number
from irfer_bench.render.remarks import remarks, tell_chance
from irfer_bench.render.table import table

FURTHER = 2
"""Metrics beside the primary one in the summary of several cells."""


def render_panel(record: Record, path: Path, width: int = 0) -> str:
    """Metrics with intervals, time per step, confusion matrix, warnings, where the record is.

    Args:
        width: columns of the terminal; 0 finds them out.
    """
    width = width or columns()
    lines = ["", *wrapped(_heading(record), width)]
    if record.outcome == "ok":
        lines += _results(record, width)
    else:
        lines += [f"no result: {record.outcome}"]
    for note in (*remarks(record), *record.warnings):
        lines += wrapped(f"note: {note}", width, rest="  ")
    return "\n".join([*lines, "", *placed("record", path, width)])


def _heading(record: Record) -> str:
    setting, translator, recognizer = record.row
    cell = record.cell
    return (
        f"{name_row(translator, recognizer)} on {terminal(setting)}, fold {cell.fold} of "
        f"{cell.folds}, seed {cell.seed}, preset {terminal(cell.preset)}"
    )


def _results(record: Record, width: int) -> list[str]:
    notes = Footnotes()
    metrics = table(
        ["metric", "value", "95 % interval over subjects"],
        [_metric(name, value, notes) for name, value in record.metrics.items()],
        width,
        right=(1,),
    )
    steps = table(
        ["step", "time"],
        [[step.title, duration(step.seconds)] for step in record.steps],
        width,
        right=(1,),
    )
    lines = [*wrapped(_counts(record), width), "", *beside(metrics, steps, width), ""]
    if by_lighting := _by_lighting(record):
        headers = ["metric", *dict.fromkeys(name for own in by_lighting.values() for name in own)]
        rows = [[name, *(own.get(light, "") for light in headers[1:])]
                for name, own in by_lighting.items()]
        lines += [*table(headers, rows, width, right=range(1, len(headers))), ""]
    if record.confusion is not None:
        lines += [*_confusion(record, width), ""]
    return [*lines, *notes.lines(width)]


def _by_lighting(record: Record) -> dict[str, dict[str, str]]:
    """By metric, its value under each illumination, where the test clips have several."""
    found: dict[str, dict[str, str]] = {}
    for step in record.steps:
        for reported, value in record.facts.get(step.title, {}).items():
            name, _, light = reported.partition(", ")
            if step.kind == "score" and light and name in record.metrics:
                found.setdefault(name, {})[light] = number(value, record.metrics[name].unit)
    return found


def _counts(record: Record) -> str:
    data = record.data
    trained = f"trained on {data.train_source} source and {data.train_target} target clips"
    return "; ".join(filter(None, [f"{trained}, tested on {data.test}", tell_chance(record)]))


def _confusion(record: Record, width: int) -> list[str]:
    """Counts, rows true, columns predicted, and the recall of each class."""
    names = [terminal(name) for name in record.classes]
    counts = record.confusion or []
    digits = max((len(str(count)) for row in counts for count in row), default=1)
    side = min(max(map(len, names), default=1), max(width // 4, 8))
    room = (width - max(side, 6) - 10) // max(len(names), 1) - 2
    if room < max(digits, 3):
        return _recalls(names, counts, width)
    short = max(digits, min(9, room))
    rows = [
        [name[:side], *map(str, row), _recall(row, k)]
        for k, (name, row) in enumerate(zip(names, counts, strict=False))
    ]
    headers = ["true", *(name[:short] for name in names), "recall %"]
    return ["predicted in columns", *table(headers, rows, width, right=range(1, len(headers)))]


def _recalls(names: Sequence[str], counts: Sequence[Sequence[int]], width: int) -> list[str]:
    """Where so many columns have no room: each class, its recall, what it was predicted as."""
    rows = []
    for k, (name, row) in enumerate(zip(names, counts, strict=False)):
        most = max(range(len(row)), key=row.__getitem__) if sum(row) else k
        rows.append([name, str(sum(row)), _recall(row, k), f"{names[most]} {row[most]}"])
    headers = ["true", "items", "recall %", "most often predicted"]
    return table(headers, rows, width, right=(1, 2))


def _recall(row: Sequence[int], k: int) -> str:
    return f"{100 * row[k] / sum(row):.1f}" if sum(row) else "–"


def render_summary(records: Sequence[Record], width: int = 0) -> str:
    """One line per cell, a table per setting; the reasons of missing values below it."""
    width = width or columns()
    lines: list[str] = []
    for setting in dict.fromkeys(record.cell.setting for record in records):
        own = [record for record in records if record.cell.setting == setting]
        lines += ["", *_summary(own, width)]
    return "\n".join(lines)


def _summary(records: Sequence[Record], width: int) -> Iterator[str]:
    first = records[0].cell
    presets = ", ".join(dict.fromkeys(record.cell.preset for record in records))
    yield from wrapped(f"{first.setting}, preset {presets}", width)
    known = {name: value for record in records for name, value in record.metrics.items()}
    others = [name for name in known if name != first.primary][:FURTHER]
    for shown in ([first.primary, *others], [first.primary]):
        notes = Footnotes()
        headers = ["translator", "recognizer", "fold", "seed"]
        for name in shown:
            unit = known[name].unit if name in known else ""
            headers += [f"{name} %" if unit == "fraction" else f"{name} {unit}".strip()]
            headers += ["95 % interval"] if name == first.primary else []
        rows = [_cells(record, shown, notes) for record in records]
        if sum(map(len, headers)) + 2 * len(headers) + 8 <= width:
            break
    yield from table(headers, rows, width, right=(2, 3, 4, *range(6, len(headers))),
                     whole=range(2, len(headers)))  # fmt: skip
    if below := notes.lines(width):
        yield from ("", *below)


def _cells(record: Record, shown: Sequence[str], notes: Footnotes) -> list[str]:
    _, translator, recognizer = record.row
    cells = [translator, recognizer, str(record.cell.fold), str(record.cell.seed)]
    for name in shown:
        value = record.metrics.get(name)
        if value is None:
            found = ["" if record.outcome == "ok" else record.outcome, ""]
        elif value.value is None:
            found = [notes.dash(value.reason), ""]
        else:
            found = [number(value.value, value.unit), _interval(value)]
        cells += found if name == record.cell.primary else found[:1]
    return cells


def _metric(name: str, value: Value, notes: Footnotes) -> list[str]:
    if value.value is None:
        return [name, notes.dash(value.reason), ""]
    unit = "%" if value.unit == "fraction" else value.unit
    return [name, f"{number(value.value, value.unit)} {unit}".strip(), _interval(value)]


def _interval(value: Value) -> str:
    if value.low is None or value.high is None:
        return ""
    return f"{number(value.low, value.unit)} to {number(value.high, value.unit)}"
