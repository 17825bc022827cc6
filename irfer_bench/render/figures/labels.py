"""A contact sheet of labelled images: boxes of the faces, classes and their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, save, wrap

ACROSS, DOWN = 5, 4
SIDE, GAP, BAR, NAME, LINE = 1.5, 0.22, 0.115, 0.2, 0.1
"""Inches: side of an image, between cells, height of a bar, of a file's name, of a line below."""
BARS, LINES, LETTERS = 7, 8, 40
"""Most bars and lines below an image, and letters of a line."""
COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b7791f")
"""Of the faces of an image, the largest first."""


@dataclass(frozen=True)
class LabelledFace:
    """One face.

    Args:
        box: left, top, right and bottom in pixels of the image shown, or None for all of it.
        probabilities: in the order of the classes. predicted: the class, or empty.
    """

    box: tuple[float, float, float, float] | None
    probabilities: tuple[float, ...]
    predicted: str = ""


@dataclass(frozen=True)
class LabelledImage:
    """One image of the sheet: (H, W, 3) uint8, the name of its file, what was done, its faces."""

    image: NDArray[np.uint8]
    name: str
    note: str
    faces: tuple[LabelledFace, ...]


def draw_labels(
    images: Sequence[LabelledImage], classes: Sequence[str], title: str, stem: Path
) -> list[Path]:
    """Pages of twenty images, `STEM-1.png` and so on; bars show the largest face's classes."""
    written: list[Path] = []
    pages = [images[k : k + ACROSS * DOWN] for k in range(0, len(images), ACROSS * DOWN)]
    for number, page in enumerate(pages, start=1):
        own = stem.with_name(f"{stem.name}-{number}")
        heading = f"{title}, page {number} of {len(pages)}" if len(pages) > 1 else title
        written += _page(page, classes, heading, own)
    return written


def _page(
    page: Sequence[LabelledImage], classes: Sequence[str], title: str, stem: Path
) -> list[Path]:
    across = max(min(ACROSS, len(page)), 3)
    bars = min(len(classes), BARS)
    texts = [_lines(each) for each in page]
    below = NAME + LINE * max(map(len, texts))
    cell = SIDE + below + bars * BAR + GAP
    down = -(-len(page) // across)
    width = across * (SIDE + GAP) + GAP
    lines = wrap(title, int(width * 11))
    top = 0.12 + 0.19 * len(lines)
    height = top + down * cell + 0.08
    with figure(width, height, placed=True) as drawn:
        axes = drawn.add_axes((0.0, 0.0, 1.0, 1.0))
        for k, line in enumerate(lines):
            axes.text(width / 2, height - 0.19 * (k + 1), line, ha="center", fontsize=10,
                      fontweight="bold")  # fmt: skip
        for number, (each, text) in enumerate(zip(page, texts, strict=True)):
            row, column = divmod(number, across)
            left, upper = GAP + column * (SIDE + GAP), height - top - row * cell
            _image(axes, each, text, left, upper)
            _bars(axes, each, classes, left, upper - SIDE - below)
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.set_axis_off()
        return save(drawn, stem)


Line = tuple[str, str]
"""A text and its colour."""


def _lines(each: LabelledImage) -> list[Line]:
    """What stands below an image: what was done, and of several faces the label of each."""
    lines = [(line, "0.35") for line in wrap(each.note, LETTERS)]
    if len(each.faces) > 1:
        lines += [
            (_label(number, face), COLOURS[number % len(COLOURS)])
            for number, face in enumerate(each.faces)
        ]
    if len(lines) > LINES:
        rest = len(lines) - LINES + 1
        lines = [*lines[: LINES - 1], (f"and {rest} more: see the table", "0.35")]
    return lines


def _label(number: int, face: LabelledFace) -> str:
    if not face.probabilities:
        return f"{number + 1}: not labelled"
    share = f"{100 * max(face.probabilities):.0f} %"
    return _short(f"{number + 1}: {share} {face.predicted}", LETTERS - 7 * (number == 0)) + (
        " (bars)" if number == 0 else ""
    )


def _image(axes: Any, each: LabelledImage, text: Sequence[Line], left: float, top: float) -> None:
    """An image in its square, boxes on it, its name and lines of text below."""
    rows, columns = each.image.shape[:2]
    scale = SIDE / max(rows, columns)
    x, y = left + (SIDE - columns * scale) / 2, top - (SIDE - rows * scale) / 2
    axes.imshow(each.image, extent=(x, x + columns * scale, y - rows * scale, y), aspect="auto")
    from matplotlib.patches import Rectangle

    for number, face in enumerate(each.faces):
        if face.box is None:
            continue
        colour = COLOURS[number % len(COLOURS)]
        low, high, right, bottom = (edge * scale for edge in face.box)
        axes.add_patch(Rectangle(
            (x + low, y - bottom), right - low, bottom - high, fill=False, edgecolor=colour,
            linewidth=1.6 if number == 0 else 1.0, linestyle="-" if number == 0 else "--",
        ))  # fmt: skip
        if len(each.faces) > 1:
            axes.text(x + low, y - high + 0.01, str(number + 1), fontsize=5, color=colour,
                      va="bottom", fontweight="bold")  # fmt: skip
    axes.text(left, top - SIDE - 0.11, _short(each.name, 32, end=True), fontsize=5.5)
    for number, (line, colour) in enumerate(text, start=1):
        axes.text(left, top - SIDE - 0.11 - number * LINE, line, fontsize=4.8, color=colour)


def _bars(axes: Any, each: LabelledImage, classes: Sequence[str], left: float, top: float) -> None:
    """The probabilities of the largest face."""
    from matplotlib.patches import Rectangle

    if not each.faces or not each.faces[0].probabilities:
        return
    p = np.array(each.faces[0].probabilities)
    order = np.argsort(-p, kind="stable")[:BARS]
    for place, k in enumerate(sorted(order) if len(classes) <= BARS else order):
        bottom = top - (place + 1) * BAR + 0.02
        colour = COLOURS[0] if k == order[0] else "0.75"
        axes.add_patch(Rectangle((left + 0.62, bottom), 0.6 * p[k], 0.08, color=colour))
        bold = "bold" if k == order[0] else "normal"
        axes.text(left + 0.58, bottom, _short(classes[k], 13), fontsize=5, ha="right",
                  fontweight=bold)  # fmt: skip
        axes.text(left + 0.65 + 0.6 * p[k], bottom, f"{100 * p[k]:.0f} %", fontsize=5)


def _short(text: str, most: int, *, end: bool = False) -> str:
    """At most so many characters, of the end where that tells more."""
    safe = terminal(text)
    if len(safe) <= most:
        return safe
    return f"…{safe[1 - most:]}" if end else f"{safe[:most - 1]}…"
