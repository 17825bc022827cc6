"""A suite's rows, each compared with the full method, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.render.escape import markdown
from irfer_bench.render.markdown import cell

if TYPE_CHECKING:
    from irfer_bench.statistics.ablation import Compared
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.rows import Row

LEGEND = (
    "Differences are row minus the full method, over the same items, with 95 % bootstrap "
    "intervals over subjects; p of the paired permutation test over subjects, Holm-adjusted "
    "within the table. A significantly worse row lacks something that helps."
)


def render_ablation(
    title: str, tables: Sequence[tuple[Board, str, Row | None, Sequence[Compared]]]
) -> str:
    """A page with one table per board.

    Args:
        tables: board, metric, the full row (None where it has no result), and the others.
    """
    parts = [f"# {markdown(title)}", ""]
    for board, metric, full, compared in tables:
        parts += _table(board, metric, full, compared)
    return "\n".join([*parts, LEGEND, ""])


def _table(
    board: Board, metric: str, full: Row | None, compared: Sequence[Compared]
) -> list[str]:
    head = [
        f"## {markdown(board.setting)}",
        "",
        f"Preset {markdown(board.preset)}, setting version {markdown(board.version)}, data "
        f"{markdown(board.data[:12])}.",
        "",
    ]
    if full is None or metric not in full.metrics:
        what = "The full method has no result here." if full is None else (
            f"The full method has no value of {markdown(metric)} here."
        )
        return [*head, what, ""]
    known = full.metrics[metric]
    factor, unit = (100, " (points)") if known.unit == "fraction" else (1, f" {known.unit}")
    notes: list[str] = []
    body = [[*_names(full), cell(known, notes), "", "", "the full method"]]
    body += [_row(each, metric, factor, known.direction != "lower", notes) for each in compared]
    shown = f"{markdown(metric)}{' %' if known.unit == 'fraction' else ''}"
    headers = ["translator", "recognizer", shown, f"difference{unit.rstrip()}", "p", "the row is"]
    fits = min((each.found.fits for each in compared if each.found), default=1)
    trained = "these trained networks" if fits == 1 else f"{fits} fits or more of each row"
    return [
        *head,
        tabulate(body, headers, tablefmt="github", disable_numparse=True),
        "",
        *(f"<sup>{k}</sup> {markdown(note)}  " for k, note in enumerate(notes, start=1)),
        f"The tests are of {trained}.",
        "",
    ]


def _row(
    each: Compared, metric: str, factor: float, higher: bool, notes: list[str]
) -> list[str]:
    names, value = _names(each.row), cell(each.row.metrics.get(metric), notes)
    if each.found is None:
        return [*names, value, "", "", markdown(each.reason)]
    found = each.found
    difference, low, high = (factor * x for x in (found.difference, found.low, found.high))
    text = f"{difference:+.2f} [{low:+.2f}, {high:+.2f}]"
    p = "<0.001" if each.adjusted < 0.001 else f"{each.adjusted:.3f}"
    return [*names, value, text, markdown(p), each.verdict(higher)]


def _names(row: Row) -> list[str]:
    return [markdown(row.translator), markdown(row.recognizer)]
