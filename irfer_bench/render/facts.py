"""Sentences that describe a board, and its best rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from irfer_bench.render.escape import terminal

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.ranking import Family
    from irfer_bench.statistics.rows import Row

ARROWS = {"higher": "↑", "lower": "↓"}
"""What is better, by a metric's direction."""


def describe_board(board: Board) -> list[str]:
    """Sentences on protocol, test items, chance level, date and versions."""
    sentences = [board.protocol] if board.protocol else []
    if not board.rows:
        return [*sentences, "Nothing has been measured here."]
    items, pairs = _tested(board, "test"), _tested(board, "pairs")
    records = [record for row in board.rows for record in row.records]
    classes = max((len(record.classes) for record in records if record.recognizer), default=0)
    tested = f"Tested on {items} items"
    if pairs:
        tested += f", {pairs} of them translated beside a true partner"
    if classes:
        tested += f"; guessing one of {classes} classes is right in {100 / classes:.2f} %"
    sentences.append(f"{tested}.")
    if records:
        newest = max(record.created for record in records)[:10]
        versions = sorted({record.packages.get("irfer-bench", "") for record in records} - {""})
        made = f", made with irfer-bench {', '.join(versions)}" if versions else ""
        sentences.append(f"The newest record is of {newest}{made}.")
    return sentences


def name_row(translator: str, recognizer: str) -> str:
    """`translator × recognizer`, safe for a terminal; the translator alone where there is none."""
    return terminal(translator if recognizer == "-" else f"{translator} × {recognizer}")


def tell_rank(row: Row, family: Family, *, of: bool = False) -> str:
    """A row's rank, in parentheses where it is provisional; a dash where it has none.

    Args:
        of: add the number of compared rows.
    """
    own, first = row.ranks.get(family), row.provisional.get(family)
    found = own or first
    if found is None:
        return "–"
    text = f"{found} of {found.of}" if of else f"{found}"
    return text if own else f"({text})"


def best_rows(board: Board, metric: str) -> Collection[int]:
    """Positions of the complete rows with the best value; none where nothing is better.

    A row without predictions is none of them, for nobody can check its value.
    """
    values = {
        k: value
        for k, row in enumerate(board.rows)
        if row.complete and row.kept and (found := row.metrics.get(metric)) is not None
        and (value := found.value) is not None
    }  # fmt: skip
    direction = next((r.metrics[metric].direction for r in board.rows if metric in r.metrics), "")
    if len(values) < 2 or direction not in ARROWS:
        return ()
    best = (max if direction == "higher" else min)(values.values())
    return {k for k, value in values.items() if abs(value - best) <= 1e-9 * max(1.0, abs(best))}


def _tested(board: Board, what: str) -> int:
    """Items of all folds: the most that any row holds."""
    return max((_of_row(row, what) for row in board.rows), default=0)


def _of_row(row: Row, what: str) -> int:
    return sum({record.cell.fold: getattr(record.data, what) for record in row.records}.values())
