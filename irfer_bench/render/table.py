"""Tables for a terminal, laid out by rich."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from irfer_bench.render.escape import terminal


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    width: int,
    *,
    right: Collection[int] = (),
    whole: Collection[int] | None = None,
) -> list[str]:
    """Lines of at most `width` columns; cells that are too long are wrapped.

    Args:
        right: positions of columns that end at the same place.
        whole: positions of columns that are never wrapped; default those of `right`.
    """
    from io import StringIO

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kept = right if whole is None else whole
    made = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for place, header in enumerate(headers):
        made.add_column(
            Text(terminal(header)), justify="right" if place in right else "left",
            no_wrap=place in kept, overflow="fold",
        )  # fmt: skip
    for row in rows:
        made.add_row(*(Text(terminal(str(cell))) for cell in row))
    out = StringIO()
    Console(
        file=out, width=width, color_system=None, force_terminal=False, legacy_windows=False,
        highlight=False, _environ={},
    ).print(made)  # fmt: skip
    return [line.rstrip() for line in out.getvalue().rstrip("\n").split("\n")]
