"""Measured rows beside the values that a paper prints, in Markdown; nothing is ranked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING

from tabulate import tabulate

from irfer_bench.contracts.published import Published, PublishedValue
from irfer_bench.render.escape import markdown
from irfer_bench.render.markdown import cell
from irfer_bench.render.numbers import number

if TYPE_CHECKING:
    from irfer_bench.statistics.board import Board
    from irfer_bench.statistics.rows import Row

FEWEST = 3
"""Rows from which an order is compared with the printed one."""
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
        *agreement(published, shown),
    ]


def agreement(published: Published, shown: Sequence[Row]) -> list[str]:
    """How far the measured order is the printed one, of each recognizer with three rows at least.

    Kendall's tau-b with its exact two-sided p where nothing ties; values that are no finite number
    are left out.
    """
    lines = []
    for recognizer in dict.fromkeys(row.recognizer for row in shown):
        said = []
        for name in published.metrics:
            pairs = [
                (value.value, printed.value)
                for row in shown
                if row.recognizer == recognizer
                and (value := row.metrics.get(name)) is not None
                and value.value is not None
                and isfinite(value.value)
                and (printed := published.find(row.translator, name)) is not None
            ]
            if len(pairs) >= FEWEST:
                tau, p = kendall(*zip(*pairs, strict=True))
                if isfinite(tau):
                    said.append(f"{name} {tau:.2f} (p = {p:.2g}, {len(pairs)} rows)")
        if said:
            lines.append(markdown(f"{recognizer}: {'; '.join(said)}") + "  ")
    if not lines:
        return []
    return ["Kendall's τ between the measured and the printed order, 1 where they agree:  ",
            *lines, ""]


def kendall(measured: Sequence[float], printed: Sequence[float]) -> tuple[float, float]:
    """Kendall's tau-b of two equally long sequences, NaN where one is constant, and its p."""
    from scipy.stats import kendalltau  # half a second, for suites with published values alone

    found = kendalltau(measured, printed)
    return float(found.statistic), float(found.pvalue)


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
