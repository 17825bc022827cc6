"""Measured rows beside the values that a paper prints, in Markdown; nothing is ranked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.contracts.published import Published, PublishedValue
from irfer_bench.render.escape import markdown
from irfer_bench.render.markdown import cell
from irfer_bench.render.published_values import Remarks, describe_input, grey

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.rows import Row

FEWEST = 3
"""Rows from which an order is compared with the printed one."""


def render_published(
    title: str, published: Published, boards: Sequence[Board], rows: Sequence[tuple[str, str]]
) -> str:
    """A page with one table per board.

    Args:
        rows: (translator, recognizer) in their order; of the boards' rows only these are shown.
    """
    shown = set(published.metrics.values())
    remarks = Remarks([value for value in published.values if value.metric in shown])
    parts = [f"# {markdown(title)}", ""]
    for board in boards:
        parts += _table(published, board, rows, remarks)
    parts += [
        "Measured numbers are means over folds and seeds with 95 % bootstrap intervals over "
        f"subjects; {grey('grey ones')} are printed in the source, and a row that is grey was not "
        "measured here. Nothing here is ranked.",
        "",
        *_provenance(published, remarks),
        "",
    ]
    return "\n".join(parts)


def _table(
    published: Published, board: Board, rows: Sequence[tuple[str, str]], remarks: Remarks
) -> list[str]:
    there = {(row.translator, row.recognizer): row for row in board.rows}
    shown = [there[names] for names in dict.fromkeys(rows) if names in there]
    if not shown:
        return []
    notes: list[str] = []
    units = {name: v.unit for row in shown for name, v in row.metrics.items()}
    headers = ["translator", "recognizer"]
    for name in published.metrics:
        unit = " %" if units.get(name) == "fraction" else ""
        headers += [f"{markdown(name)}{unit}", grey("published")]
    body = [_row(published, board.setting, row, notes, remarks) for row in shown]
    body += _further(published, board.setting, shown, remarks)
    dataset = markdown(published.dataset_for(board.setting))
    return [
        f"## {markdown(board.setting)}",
        "",
        f"Preset {markdown(board.preset)}, setting version {markdown(board.version)}, data "
        f"{markdown(board.data[:12])}. Published values are of {dataset}.",
        "",
        tabulate(body, [*headers, "notes"], tablefmt="github", disable_numparse=True),
        "",
        *(f"<sup>{k}</sup> {markdown(note)}  " for k, note in enumerate(notes, start=1)),
        "",
        *agreement(published, board.setting, shown),
    ]


def agreement(published: Published, setting: str, shown: Sequence[Row]) -> list[str]:
    """How far the measured order is the printed one: of the rows of one recognizer, and of one
    translator.

    Kendall's tau-b with its exact two-sided p where nothing ties, of three rows at least; values
    that are no finite number are left out.
    """
    lines = []
    for column in ("recognizer", "translator"):
        for common in dict.fromkeys(getattr(row, column) for row in shown):
            own = [row for row in shown if getattr(row, column) == common]
            orders = []
            for name in published.metrics:
                pairs = list(_pairs(published, setting, own, name))
                if len(pairs) < FEWEST:
                    continue
                tau, p = kendall(*zip(*pairs, strict=True))
                if isfinite(tau):
                    orders.append(f"{name} {tau:.2f} (p = {p:.2g}, {len(pairs)} rows)")
            if orders:
                about = "recognizers" if common == "none" else common
                lines.append(markdown(f"{about}: {'; '.join(orders)}") + "  ")
    if not lines:
        return []
    return ["Kendall's τ between the measured and the printed order, 1 where they agree:  ",
            *lines, ""]


def _pairs(
    published: Published, setting: str, rows: Sequence[Row], name: str
) -> Iterator[tuple[float, float]]:
    """The measured and the printed value of each row that has both."""
    for row in rows:
        measured = row.metrics.get(name)
        printed = published.find(row.translator, name, row.recognizer, setting)
        if measured is None or measured.value is None or printed is None:
            continue
        if isfinite(measured.value):
            yield measured.value, printed.value


def kendall(measured: Sequence[float], printed: Sequence[float]) -> tuple[float, float]:
    """Kendall's tau-b of two equally long sequences, NaN where one is constant, and its p."""
    from scipy.stats import kendalltau  # half a second, for suites with published values alone

    found = kendalltau(measured, printed)
    return float(found.statistic), float(found.pvalue)


def _row(
    published: Published, setting: str, row: Row, notes: list[str], remarks: Remarks
) -> list[str]:
    cells = [markdown(row.translator), markdown(row.recognizer)]
    for name in published.metrics:
        printed = published.find(row.translator, name, row.recognizer, setting)
        cells += [
            cell(row.metrics.get(name), notes),
            "" if printed is None else remarks.printed(printed),
        ]
    return [*cells, markdown("; ".join(row.marks))]


def _further(
    published: Published, setting: str, shown: Sequence[Row], remarks: Remarks
) -> list[list[str]]:
    """The methods of the paper's table that no measured row stands for."""
    names = {name for row in shown for name in (row.translator, row.recognizer)}
    taken = {published.rows.get(name, name) for name in names}
    found: dict[str, dict[str, PublishedValue]] = {}
    for value in published.values_for(setting):
        if value.method not in taken:
            found.setdefault(value.method, {})[value.metric] = value
    made = []
    for method, own in found.items():
        first = next(iter(own.values()))
        cells = ["", grey(markdown(method))]
        for printed in published.metrics.values():
            cells += ["", remarks.printed(own[printed]) if printed in own else ""]
        about = ", ".join(filter(None, (describe_input(first), first.protocol)))
        made.append([*cells, grey(markdown(about)) if about else ""])
    return made


def _provenance(published: Published, remarks: Remarks) -> Iterator[str]:
    splits = dict.fromkeys(value.split for value in published.values if value.split)
    origins = dict.fromkeys(value.origin.replace("_", " ") for value in published.values)
    datasets = dict.fromkeys([published.dataset, *published.datasets.values()])
    about = [published.source, *datasets, *splits, *filter(None, origins)]
    yield grey(markdown("; ".join(about))) + "  "
    yield from remarks.lines()
