"""The excerpt of the first leaderboard that README shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docs.generate.table import table
from irfer_bench.engine.checked_boards import read_boards
from irfer_bench.registry import Registry
from irfer_bench.render.escape import markdown
from irfer_bench.render.facts import tell_rank
from irfer_bench.render.markdown import cell, heading
from irfer_bench.statistics.board import Board

BOARD = "synth_nir_weak5"
METRICS = ("accuracy", "uar", "psnr", "ssim", "lpips")


def readme(root: Path, known: Registry) -> str:
    """README.md with the excerpt between its markers; unchanged where there are no records."""
    text = (root / "README.md").read_text(encoding="utf-8")
    start, end = f"<!-- board:{BOARD} -->", "<!-- /board -->"
    boards = read_boards(root / "leaderboards", BOARD, known)
    if not boards or start not in text or end not in text:
        return text
    before, _, rest = text.partition(start)
    after = rest.partition(end)[2]
    return f"{before}{start}\n{excerpt(boards[0])}\n{end}{after}"


def excerpt(
    board: Board,
    recognizer: str = "resnet18",
    beside: str = "pca",
    metrics: Sequence[str] = METRICS,
) -> str:
    """One recognizer's rows of a board, beside them another's primary values; few columns.

    All rows where it has none of that recognizer. A column of the board's appendix is left out.
    """
    rows = [row for row in board.rows if row.recognizer == recognizer] or board.rows
    others = {row.translator: row for row in board.rows if row.recognizer == beside}
    columns = [column for name in metrics for column in board.columns if column.name == name]
    headers = ["rank", "translator", "recognizer", *(heading(column, board) for column in columns)]
    body = [
        [
            tell_rank(row, board.families[0]) if board.families else "–",
            _name(row.translator),
            _name(row.recognizer),
            *(cell(row.metrics.get(column.name), []) for column in columns),
        ]
        for row in rows
    ]
    primary = next((column for column in columns if column.name == board.primary), None)
    if primary and others and all(row.recognizer == recognizer for row in rows):
        place = 4 + columns.index(primary)
        headers.insert(place, f"{heading(primary, board)} with {_name(beside)}")
        for line, row in zip(body, rows, strict=True):
            other = others.get(row.translator)
            line.insert(place, cell(other.metrics.get(board.primary), []) if other else "")
    return table(headers, body)


def _name(text: str) -> str:
    return markdown(text).replace("\\|", "|")  # the table escapes bars itself
