"""Measured rows beside the values that a paper prints, in Markdown; nothing is ranked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.contracts.published import Published, PublishedValue
from irfer_bench.render.escape import markdown
from irfer_bench.render.markdown import cell
from irfer_bench.render.numbers import number

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.rows import Row

GREY, BLACK = '<span style="color:grey">', "</span>"


def render_published(
    title: str, published: Published, boards: Sequence[Board], rows: Sequence[tuple[str, str]]
) -> str:
    """A page with one table per board.

    Args:
        rows: (translator, recognizer) in their order; of the boards' rows only these are shown.
    """
    parts = [f"# {markdown(title)}", ""]
    for board in boards:
        parts += _table(published, board, rows)
    parts += [
        "Measured numbers are means over folds and seeds with 95 % bootstrap intervals over "
        f"subjects; {_grey('grey ones')} were printed by their authors. Nothing here is ranked.",
        "",
        *_provenance(published),
        "",
    ]
    return "\n".join(parts)


def _table(
    published: Published, board: Board, rows: Sequence[tuple[str, str]]
) -> list[str]:
    there = {(row.translator, row.recognizer): row for row in board.rows}
    shown = [there[names] for names in dict.fromkeys(rows) if names in there]
    if not shown:
        return []
    notes: list[str] = []
    units = {name: v.unit for row in shown for name, v in row.metrics.items()}
    headers = ["translator", "recognizer"]
    for name in published.metrics:
        unit = " %" if units.get(name) == "fraction" else ""
        headers += [f"{markdown(name)}{unit}", _grey("published")]
    body = [_row(published, row, notes) for row in shown]
    return [
        f"## {markdown(board.setting)}",
        "",
        f"Preset {markdown(board.preset)}, setting version {markdown(board.version)}, data "
        f"{markdown(board.data[:12])}. Published values are of {markdown(published.dataset)}.",
        "",
        tabulate(body, [*headers, "notes"], tablefmt="github", disable_numparse=True),
        "",
        *(f"<sup>{k}</sup> {markdown(note)}  " for k, note in enumerate(notes, start=1)),
        "",
    ]


def _row(published: Published, row: Row, notes: list[str]) -> list[str]:
    cells = [markdown(row.translator), markdown(row.recognizer)]
    for name in published.metrics:
        printed = published.find(row.translator, name)
        cells += [
            cell(row.metrics.get(name), notes),
            "" if printed is None else _printed(published, printed),
        ]
    return [*cells, markdown("; ".join(row.marks))]


def _printed(published: Published, value: PublishedValue) -> str:
    return _grey(number(value.value, "") + _mark(published, value))


def _provenance(published: Published) -> Iterator[str]:
    splits = dict.fromkeys(value.split for value in published.values if value.split)
    origins = dict.fromkeys(value.origin.replace("_", " ") for value in published.values)
    about = [published.source, published.dataset, *splits, *filter(None, origins)]
    yield _grey(markdown("; ".join(about))) + "  "
    for place, note in enumerate(_notes(published)):
        yield _grey(f"{_letter(place)}: {markdown(note)}") + "  "


def _notes(published: Published) -> list[str]:
    shown = set(published.metrics.values())
    return list(dict.fromkeys(_note(v) for v in published.values if v.metric in shown and _note(v)))


def _note(value: PublishedValue) -> str:
    return value.note or ("" if value.comparable else "not comparable")


def _mark(published: Published, value: PublishedValue) -> str:
    note = _note(value)
    return f"<sup>{_letter(_notes(published).index(note))}</sup>" if note else ""


def _letter(place: int) -> str:
    return chr(ord("a") + place)


def _grey(text: str) -> str:
    return f"{GREY}{text}{BLACK}"
