"""A board on a terminal: the rows, the primary metric and two more, within the width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.contracts.record import Value
from irfer_bench.render.escape import terminal
from irfer_bench.render.facts import ARROWS, describe_board, name_row, tell_rank
from irfer_bench.render.footnotes import Footnotes
from irfer_bench.render.numbers import number
from irfer_bench.render.published_values import UNRANKED, describe_input

if TYPE_CHECKING:
    from irfer_bench.contracts.published import PublishedBoard
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.columns import Column
    from irfer_bench.statistics.rows import Row

ATTEMPTS: Sequence[tuple[int, bool, int | None]] = (
    (2, True, None), (2, True, 40), (1, True, 40), (1, True, 28), (0, True, 28), (0, False, 40),
    (0, False, 28), (0, False, 20), (0, False, 12),
)  # fmt: skip
"""Metrics beside the primary one, whether it has its interval, and the length of a row's name."""


def render_compact(boards: Sequence[Board], width: int) -> str:
    """The boards of one setting in lines of at most `width` columns.

    Marks and reasons are footnotes. Where there is no room, the middle of long names goes first,
    then further metrics, then the interval of the primary one.
    """
    width = max(width, 40)
    blocks = ["\n".join(_board(board, width)) for board in boards if board.rows]
    if boards and boards[0].published:
        blocks.append("\n".join(_published(boards[0].published, width)))
    return "\n\n".join(blocks)


def _published(published: PublishedBoard, width: int) -> Iterator[str]:
    """Printed values as a table of their own, without ranks."""
    yield from _wrapped(f"{published.setting}, published. {UNRANKED}", width)
    yield ""
    lines, notes = [""], Footnotes()
    for longest in (None, 28, 20, 12):
        notes = Footnotes()
        body = [
            [
                _shortened(terminal(first.method), longest),
                *(f"{row[name].value:.2f}" if name in row else "" for name in published.metrics),
                describe_input(first),
                " ".join(notes.mark(text) for text in (first.source, first.remark) if text),
            ]
            for row in published.rows
            for first in [next(iter(row.values()))]
        ]
        headers = ["method", *(f"{terminal(name)} %" for name in published.metrics), "input", ""]
        lines = tabulate(body, headers, tablefmt="simple", disable_numparse=True).splitlines()
        if max(map(len, lines)) <= width:
            break
    yield from (line[:width].rstrip() for line in lines)
    yield ""
    yield from notes.lines(width)


def _board(board: Board, width: int) -> Iterator[str]:
    title = f"{board.setting}, preset {board.preset}, version {board.version}"
    yield from _wrapped(title, width)
    for sentence in describe_board(board):
        yield from _wrapped(sentence, width)
    yield ""
    table, notes = _table(board, width)
    yield from table
    yield ""
    yield from notes.lines(width)
    for text in (*board.legend, *board.notes, *(f"Not shown: {p}" for p in board.problems)):
        yield from _wrapped(text, width)


def _table(board: Board, width: int) -> tuple[list[str], Footnotes]:
    lines, notes = [""], Footnotes()
    for further, ends, longest in ATTEMPTS:
        notes = Footnotes()
        columns = board.columns[: 1 + further]
        headers = ["rank", "row", *(_heading(column, board) for column in columns), ""]
        body = [_row(board, row, columns, ends, longest, notes) for row in board.rows]
        lines = tabulate(body, headers, tablefmt="simple", disable_numparse=True).splitlines()
        if max(map(len, lines)) <= width:
            break
    return [line[:width].rstrip() for line in lines], notes


def _row(
    board: Board,
    row: Row,
    columns: Sequence[Column],
    ends: bool,
    longest: int | None,
    notes: Footnotes,
) -> list[str]:
    rank = tell_rank(row, board.families[0]) if board.families else "–"
    shown = [_cell(row.metrics.get(column.name), ends and k == 0, notes)
             for k, column in enumerate(columns)]  # fmt: skip
    name = name_row(row.translator, row.recognizer)
    marks = " ".join(notes.mark(mark) for mark in row.marks)
    return [rank, _shortened(name, longest), *shown, marks]


def _cell(value: Value | None, ends: bool, notes: Footnotes) -> str:
    if value is None:
        return ""
    if value.value is None:
        return notes.dash(value.reason)
    text = number(value.value, value.unit)
    if ends and value.low is not None and value.high is not None:
        text += f" [{number(value.low, value.unit)}, {number(value.high, value.unit)}]"
    return text


def _heading(column: Column, board: Board) -> str:
    unit = " %" if column.unit == "fraction" else ""
    values = [row.metrics[column.name] for row in board.rows if column.name in row.metrics]
    arrow = ARROWS.get(values[0].direction, "") if values else ""
    return f"{terminal(column.name)}{unit} {arrow}".rstrip()


def _shortened(name: str, longest: int | None) -> str:
    if longest is None or len(name) <= longest:
        return name
    half = (longest - 1) // 2
    return f"{name[: longest - 1 - half]}…{name[-half:]}"


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(terminal(text), width, subsequent_indent=indent)
