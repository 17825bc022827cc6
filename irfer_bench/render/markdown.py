"""The leaderboard as it is committed: Markdown, the same bytes for the same records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.contracts.record import Value
from irfer_bench.render.escape import markdown
from irfer_bench.render.numbers import PERCENT, duration, number

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board


def render(boards: Sequence[Board]) -> dict[str, str]:
    """A page per setting, `SETTING.md`."""
    settings = dict.fromkeys(board.setting for board in boards)
    return {
        f"{name}.md": render_page([board for board in boards if board.setting == name])
        for name in settings
    }


def render_page(boards: Sequence[Board]) -> str:
    """The page of one setting: a table per preset, then what the numbers mean."""
    parts = [f"# {markdown(boards[0].setting)}", ""] if boards else ["# no record", ""]
    for board in boards:
        parts += _table(board)
    parts += [
        "Numbers are means over folds and seeds, percent where they are fractions. Brackets are "
        "95 % bootstrap intervals over subjects. A rank is 1 + the number of rows significantly "
        "better (paired bootstrap over subjects, folds pooled, Holm at 5 %): rows that cannot be "
        "told apart share it. A partial row has no rank.",
        "",
    ]
    return "\n".join(parts)


def _table(board: Board) -> list[str]:
    shown = [name for name in board.metrics if any(row.metrics.get(name) for row in board.rows)]
    shown.sort(key=lambda name: name != board.primary)
    headers = ["rank", "translator", "recognizer", *map(_heading, shown), "time", "notes"]
    notes: list[str] = []
    body = [
        [
            "–" if row.rank is None else str(row.rank),
            markdown(row.translator),
            markdown(row.recognizer),
            *(cell(name, row.metrics.get(name), notes) for name in shown),
            duration(row.seconds),
            markdown("; ".join(row.marks)),
        ]
        for row in board.rows
    ]
    table = tabulate(body, headers, tablefmt="github", disable_numparse=True)
    lines = [
        f"Preset {markdown(board.preset)}, setting version {markdown(board.version)}, "
        f"data {markdown(board.data[:12])}, primary metric {_heading(board.primary)}.",
        "",
        table,
        "",
    ]
    lines += [f"{mark} {markdown(reason)}" + "  " for mark, reason in _footnotes(notes)]
    lines += [f"{markdown(note)}  " for note in board.notes]
    lines += [f"Not shown: {markdown(problem)}  " for problem in board.problems]
    return [*lines, ""] if lines[-1] else lines


def _heading(name: str) -> str:
    return markdown(name) + (" %" if name in PERCENT else "")


def cell(name: str, value: Value | None, notes: list[str]) -> str:
    """One number with its interval; a missing one points at its reason."""
    if value is None:
        return ""
    if value.value is None:
        if value.reason not in notes:
            notes.append(value.reason)
        return f"–{_mark(notes.index(value.reason))}"
    text = number(name, value.value)
    if value.low is not None and value.high is not None:
        text += f" [{number(name, value.low)}, {number(name, value.high)}]"
    return text


def _mark(number: int) -> str:
    return f"<sup>{number + 1}</sup>"


def _footnotes(notes: Sequence[str]) -> list[tuple[str, str]]:
    return [(_mark(i), note) for i, note in enumerate(notes)]
