"""Below a board's table in Markdown: recall of each class, and p of each pair of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.render.escape import markdown
from irfer_bench.statistics.ranking import FAMILIES

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.rows import Row

PAIRED = 20
"""Rows of one group of which pairs are shown, the best first."""


def describe_recalls(board: Board) -> list[str]:
    """A table of every row's recall of each class, from the confusion matrices of its records.

    Where a recognizer's is the same beside each translator, as where it reads true images, one line
    stands for all.
    """
    classes = next((r.classes for row in board.rows for r in row.records if r.confusion), [])
    shown = [(row, found) for row in board.rows if (found := _recalls(row, classes))]
    own: dict[str, list[list[float | None]]] = defaultdict(list)
    for row, found in shown:
        own[row.recognizer].append(found)
    lines: dict[tuple[str, str], list[str]] = {}
    for row, found in shown:
        others = own[row.recognizer]
        one = len(others) > 2 and all(other == found for other in others)
        names = (f"each of {len(others)}" if one else row.translator, row.recognizer)
        lines[names] = [*map(markdown, names), *map(_percent, found)]
    if not lines:
        return []
    headers = ["translator", "recognizer", *map(markdown, classes)]
    body = list(lines.values())
    return ["Recall of each class, %, folds and seeds pooled", "", *_lines(headers, body)]


def describe_p(board: Board) -> list[str]:
    """A table per group of compared rows: the adjusted p of every pair, upper triangle."""
    if not board.families:
        return []
    family = board.families[0]
    shared = FAMILIES[family]
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in board.rows:
        if len(row.p.get(family, {})) > 1:
            groups[getattr(row, shared)].append(row)
    lines = []
    for name, members in groups.items():
        rows = members[:PAIRED]
        title = f"p of each pair, {family} of {shared} {markdown(name)}, primary metric, Holm"
        lines += [title if len(rows) == len(members) else f"{title}; the first {PAIRED} rows", ""]
        body = [
            [str(k + 1), markdown(row.translator if shared == "recognizer" else row.recognizer)]
            + ["" if j <= k else _p(row.p[family][other.number]) for j, other in enumerate(rows)]
            for k, row in enumerate(rows)
        ]
        lines += _lines(["", family[:-1], *(str(k + 1) for k in range(len(rows)))], body)
    return lines


def _recalls(row: Row, classes: Sequence[str]) -> list[float | None]:
    """Share of each class's items that were predicted as it; empty where a record lacks counts."""
    right, items = [0] * len(classes), [0] * len(classes)
    for record in row.records:
        counts = record.confusion
        if not counts or record.classes != classes or len(counts) != len(classes):
            return []
        for k, own in enumerate(counts):
            right[k] += own[k]
            items[k] += sum(own)
    return [r / n if n else None for r, n in zip(right, items, strict=True)]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _lines(headers: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    return [tabulate(body, headers, tablefmt="github", disable_numparse=True), ""]
