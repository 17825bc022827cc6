"""The pages of a results folder, one per setting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from irfer_bench.errors import MissingError, UsageError
from irfer_bench.render.escape import terminal, web
from irfer_bench.render.markdown import render
from irfer_bench.statistics.board import Board, Row, make_boards
from irfer_bench.statistics.comparison import Comparison, compare
from irfer_bench.statistics.pooling import RANKED, pool
from irfer_bench.store.files import clear_write_errors, write_text
from irfer_bench.store.records import Value, read_records


def write_boards(out: Path, settings: Sequence[str]) -> list[Path]:
    """Render the boards of some settings into `<out>/<setting>.md`."""
    written = []
    for name in settings:
        text = render_page(out, name)
        path = out / f"{name}.md"
        with clear_write_errors(path):
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                write_text(path, text)
        written.append(path)
    return written


def render_page(out: Path, setting: str) -> str:
    """The text of one setting's page."""
    return render(make_boards(read_records(out, setting), out))


class ShownBoard(Board):
    """A board that notebooks show as a table."""

    def _table(self, style: str) -> str:
        from tabulate import tabulate

        known = [name for name in self.metrics if any(self._value(row, name) for row in self.rows)]
        shown = sorted(known, key=lambda name: name != self.primary)
        rows = [
            [
                "–" if row.rank is None else str(row.rank),
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

    def _value(self, row: Row, name: str) -> bool:
        return name in row.metrics and row.metrics[name].value is not None

    def _repr_markdown_(self) -> str:
        return render([self])

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
    items = [pool(row.records, folder).of(metric) for row in (a, b)]
    if items[0] is None or items[1] is None:
        raise MissingError(
            f"metric {metric!r} cannot be compared: the items behind it were not kept",
            "metrics over predictions, and over pairs one by one, can",
        )
    try:
        return compare(items[0], items[1], RANKED.get(metric, "accuracy"))
    except ValueError as error:
        raise UsageError(f"the two rows cannot be compared: {error}") from None
