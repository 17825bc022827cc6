"""Boards as tables of notebooks, and the comparison of two rows."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.contracts.record import Value
from irfer_bench.errors import MissingError, UnavailableError, UsageError
from irfer_bench.render.escape import terminal, web
from irfer_bench.render.facts import tell_rank
from irfer_bench.render.markdown import render_page
from irfer_bench.statistics import board
from irfer_bench.statistics.board import Board
from irfer_bench.statistics.comparison import Comparison
from irfer_bench.statistics.rows import Row


class ShownBoard(Board):
    """A board that notebooks show as a table."""

    def _table(self, style: str) -> str:
        from tabulate import tabulate

        shown = [column.name for column in self.columns]
        rows = [
            [
                tell_rank(row, self.families[0]) if self.families else "–",
                terminal(row.translator),
                terminal(row.recognizer),
                *(_cell(row.metrics.get(name)) for name in shown),
                terminal("; ".join(row.marks)),
            ]
            for row in self.rows
        ]
        headers = ["rank", "translator", "recognizer", *shown, "notes"]
        text: str = tabulate(rows, headers, tablefmt=style, disable_numparse=True)
        return text

    def _repr_markdown_(self) -> str:
        return render_page([self])

    def _repr_html_(self) -> str:
        title = f"{self.setting}, preset {self.preset}, primary metric {self.primary}"
        problems = "".join(f"<p>{web(problem)}</p>" for problem in self.problems)
        return f"<p>{web(title)}</p>{self._table('html')}{problems}"

    def __str__(self) -> str:
        return self._table("simple")

    def __repr__(self) -> str:
        return str(self)


def _cell(value: Value | None) -> str:
    if value is None or value.value is None:
        return "–"
    factor = 100 if value.unit == "fraction" else 1
    numbers = (value.value, value.low, value.high)
    text, *ends = (f"{factor * number:.4g}" for number in numbers if number is not None)
    return f"{text} [{', '.join(ends)}]" if ends else text


def compare_rows(a: Row, b: Row, metric: str, folder: Path) -> Comparison:
    """The first row minus the second, over the items that both predicted.

    Raises:
        UsageError: they hold other items. MissingError: the items were not kept.
    """
    try:
        return board.compare_rows(a, b, metric, folder)
    except UnavailableError as error:
        raise MissingError(f"metric {metric!r} cannot be compared: {error}") from None
    except ValueError as error:
        raise UsageError(f"the two rows cannot be compared: {error}") from None
