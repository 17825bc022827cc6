"""The excerpt of the first leaderboard that README shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from docs.generate.table import table

BOARD = "synth_nir_weak5"
COLUMNS = ("rank", "translator", "recognizer", "accuracy %", "uar %", "psnr", "ssim", "lpips")
_BARS = re.compile(r"(?<!\\)\|")


def readme(root: Path) -> str:
    """README.md with the excerpt between its markers; unchanged where that board is not."""
    text = (root / "README.md").read_text(encoding="utf-8")
    board = root / "leaderboards" / f"{BOARD}.md"
    start, end = f"<!-- board:{BOARD} -->", "<!-- /board -->"
    if not board.is_file() or start not in text or end not in text:
        return text
    before, _, rest = text.partition(start)
    after = rest.partition(end)[2]
    return f"{before}{start}\n{excerpt(board.read_text(encoding='utf-8'))}\n{end}{after}"


def excerpt(board: str, recognizer: str = "resnet18", columns: Sequence[str] = COLUMNS) -> str:
    """One recognizer's rows of a board's first table, or all where it has none; few columns.

    A column in which no row has a value is left out.
    """
    lines = board.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith("|")), len(lines))
    last = next((i for i in range(first, len(lines)) if not lines[i].startswith("|")), len(lines))
    cells = [[cell.strip() for cell in _BARS.split(line)[1:-1]] for line in lines[first:last]]
    if len(cells) < 3:
        return ""
    header = [re.sub(r"\\(.)", r"\1", cell) for cell in cells[0]]
    body = [dict(zip(header, row, strict=True)) for row in cells[2:]]
    chosen = [row for row in body if row.get("recognizer") == recognizer] or body
    kept = [
        name for name in columns
        if name in header and (name == "rank" or any(row[name][:1] not in "–" for row in chosen))
    ]
    # The board has escaped its bars already.
    return table(kept, [[row[name].replace("\\|", "|") for name in kept] for row in chosen])
