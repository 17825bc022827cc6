"""Figures of one style, written without anything that differs between two runs."""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from irfer_bench.render.escape import terminal
from irfer_bench.store.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 300
FORMS: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}
"""Metadata by suffix: nothing that another day or another version writes differently."""
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib, so that figures are alike everywhere
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "irfer-bench",
    "text.parse_math": False,  # a name with two dollar signs is no formula
}


@contextmanager
def figure(width: float, height: float, *, placed: bool = False) -> Iterator[Figure]:
    """An empty figure of a size in inches, in the style of this package whatever the user's is.

    Args:
        placed: everything has its place already; else axes and titles make room for each other.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(STYLE)
        drawn = Figure(figsize=(width, height), dpi=DPI)
        if not placed:
            drawn.set_layout_engine("constrained")
        yield drawn


def save(drawn: Figure, stem: Path) -> list[Path]:
    """Write `STEM.svg` and `STEM.png`, each by one rename; equal figures give equal bytes."""
    if drawn.get_layout_engine() is not None:
        drawn.draw_without_rendering()  # lays out once for both files
        drawn.set_layout_engine("none")
    written = []
    for suffix, metadata in FORMS.items():
        path = stem.with_name(f"{stem.name}{suffix}")
        with atomic_file(path) as draft:
            drawn.savefig(draft, format=suffix[1:], dpi=DPI, metadata=metadata)
        written.append(path)
    return written


def titled(drawn: Figure, first: str, *further: str) -> None:
    """A title in bold letters and the lines below it, wrapped to the width of the figure."""
    width = drawn.get_figwidth()
    lines = [line for text in further for line in wrap(text, int(width * 15))]
    drawn.suptitle("\n".join(wrap(first, int(width * 10))), fontsize=11, fontweight="bold")
    drawn.get_axes()[0].set_title("\n".join(lines), fontsize=8.5, loc="center")


def headed(drawn: Figure, *lines: str) -> None:
    """The title of a figure of several panels, wrapped to its width."""
    width = int(drawn.get_figwidth() * 14)
    wrapped = [line for text in lines for line in wrap(text, width)]
    drawn.suptitle("\n".join(wrapped), fontsize=8.5)


def wrap(text: str, columns: int) -> list[str]:
    """Lines of a figure's text, which may hold words longer than a line."""
    return textwrap.wrap(terminal(text), max(columns, 12), break_on_hyphens=False)
