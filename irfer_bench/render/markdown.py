"""The leaderboard in Markdown; equal records give equal bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.contracts.record import Value
from irfer_bench.render.details import describe_p, describe_recalls
from irfer_bench.render.escape import markdown
from irfer_bench.render.facts import ARROWS, best_rows, describe_board, tell_rank
from irfer_bench.render.numbers import duration, number
from irfer_bench.render.published_values import describe_published
from irfer_bench.statistics.ranking import FAMILIES, Family

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.columns import Column


def render(boards: Sequence[Board]) -> dict[str, str]:
    """A page per setting, `SETTING.md`."""
    settings = dict.fromkeys(board.setting for board in boards)
    return {
        f"{name}.md": render_page([board for board in boards if board.setting == name])
        for name in settings
    }


def render_page(boards: Sequence[Board]) -> str:
    """The page of one setting: a table per preset, then the legend."""
    parts = [f"# {markdown(boards[0].setting)}", ""] if boards else ["# no record", ""]
    for board in boards:
        parts += _table(board) if board.rows else [*map(markdown, describe_board(board)), ""]
    parts += _legend() if any(board.rows for board in boards) else []
    if boards and boards[0].published:
        parts += describe_published(boards[0].published)
    return "\n".join(parts)


def _legend() -> list[str]:
    return [
        "Numbers are means over folds and seeds, percent where they are fractions. Brackets are "
        "95 % bootstrap intervals over subjects. ↑: more is better, ↓: less is better; the best "
        "complete row of a column is bold. A partial row has no rank, or a provisional one.",
        "",
    ]


def _table(board: Board) -> list[str]:
    notes: list[str] = []
    ranks = [_rank_heading(family, board.families) for family in board.families]
    headers = [*ranks, "translator", "recognizer"]
    headers += [*(heading(column, board) for column in board.columns), "time", "notes"]
    best = {column.name: best_rows(board, column.name) for column in board.columns}
    body = [
        [
            *(tell_rank(row, family, of=True) for family in board.families),
            markdown(row.translator),
            markdown(row.recognizer),
            *(
                cell(row.metrics.get(column.name), notes, bold=k in best[column.name])
                for column in board.columns
            ),
            duration(row.seconds),
            markdown("; ".join(row.marks)),
        ]
        for k, row in enumerate(board.rows)
    ]
    primary = next(column for column in board.columns if column.name == board.primary)
    lines = [
        f"Preset {markdown(board.preset)}, setting version {markdown(board.version)}, "
        f"data {markdown(board.data[:12])}, primary metric {heading(primary)}.",
        *(markdown(sentence) for sentence in describe_board(board)),
        *_link(board),
        "",
        tabulate(body, headers, tablefmt="github", disable_numparse=True),
        "",
        *(f"{markdown(sentence)}  " for sentence in board.legend),
    ]
    lines += [f"{mark} {markdown(reason)}" + "  " for mark, reason in _footnotes(notes)]
    lines += [f"{markdown(note)}  " for note in board.notes]
    lines += [f"Not shown: {markdown(problem)}  " for problem in board.problems]
    return [*lines, "", *describe_recalls(board), *describe_p(board), *_appendix(board)]


def _appendix(board: Board) -> list[str]:
    """The columns outside the table, each with its reason and, where informative, its values."""
    if not board.appendix:
        return []
    lines = ["Appendix", ""]
    lines += [f"- {heading(column)}: {markdown(column.reason)}" for column in board.appendix]
    shown = [column for column in board.appendix if column.shown]
    if shown:
        notes: list[str] = []
        body = [
            [
                markdown(row.translator),
                markdown(row.recognizer),
                *(cell(row.metrics.get(column.name), notes) for column in shown),
            ]
            for row in board.rows
        ]
        headers = ["translator", "recognizer", *(heading(column, board) for column in shown)]
        lines += ["", tabulate(body, headers, tablefmt="github", disable_numparse=True), ""]
        lines += [f"{mark} {markdown(reason)}" + "  " for mark, reason in _footnotes(notes)]
    return [*lines, ""] if lines[-1] else lines


def _rank_heading(family: Family, families: Sequence[Family]) -> str:
    return "rank" if len(families) == 1 else f"rank within {FAMILIES[family]}"


def heading(column: Column, board: Board | None = None) -> str:
    """A metric's name with its unit, and the arrow to where its values are better."""
    text = markdown(column.name) + (" %" if column.unit == "fraction" else "")
    values = [row.metrics[column.name] for row in (board.rows if board else ())
              if column.name in row.metrics]  # fmt: skip
    arrow = ARROWS.get(values[0].direction, "") if values else ""
    return f"{text} {arrow}".rstrip()


def _link(board: Board) -> list[str]:
    """A link to the records, where the setting's name is a valid folder name."""
    if not re.fullmatch(r"[a-z0-9_@-]+", board.setting):
        return []
    return [f"[Every record](records/{board.setting}) of this table."]


def cell(value: Value | None, notes: list[str], bold: bool = False) -> str:
    """One number with its interval, or a footnote mark for the reason of a missing one."""
    if value is None:
        return ""
    if value.value is None:
        if value.reason not in notes:
            notes.append(value.reason)
        return f"–{_mark(notes.index(value.reason))}"
    text = number(value.value, value.unit)
    text = f"**{text}**" if bold else text
    if value.low is not None and value.high is not None:
        text += f" [{number(value.low, value.unit)}, {number(value.high, value.unit)}]"
    return text


def _mark(number: int) -> str:
    return f"<sup>{number + 1}</sup>"


def _footnotes(notes: Sequence[str]) -> list[tuple[str, str]]:
    return [(_mark(i), note) for i, note in enumerate(notes)]
