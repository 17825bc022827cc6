"""Visible, translated and true images of some test items, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.record import Record
from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, save, wrap
from irfer_bench.render.figures.titles import describe_cell, name_cell, tell_scores

FACE, GAP, BLOCK = 0.85, 0.05, 0.2
"""Inches: side of an image, between images, between two examples."""
LEFT, ROW, COLUMN = 0.95, 0.17, 0.2
"""Inches: for a class' name, for the score below an image, for the columns' titles."""
LINE, HEADING = 0.15, 0.2
TITLES = ("visible", "translated", "true")


@dataclass(frozen=True)
class Example:
    """One test item.

    Args:
        visible, translated, true: (H, W, 3) uint8; true is None where there is no partner.
        score: of this item's translation, as text, or empty.
    """

    visible: NDArray[np.uint8]
    translated: NDArray[np.uint8]
    true: NDArray[np.uint8] | None
    score: str = ""


def draw_examples(
    record: Record, rows: Sequence[tuple[str, Sequence[Example]]], stem: Path
) -> list[Path]:
    """One row per class, its examples next to each other.

    Args:
        rows: class and examples, the same number or fewer in each row.
    """
    across = max((len(examples) for _, examples in rows), default=1)
    example = 3 * FACE + 2 * GAP + BLOCK
    width = max(LEFT + across * example, 4.2)
    first = wrap(name_cell(record), int(width * 10))
    scores = tell_scores(record, "psnr", "ssim", "lpips", record.cell.primary)
    further = [line for text in (describe_cell(record), scores)
               for line in wrap(text, int(width * 15))]  # fmt: skip
    top = 0.12 + HEADING * len(first) + LINE * len(further)
    height = top + COLUMN + len(rows) * (FACE + ROW) + 0.05
    with figure(width, height, placed=True) as drawn:
        axes = drawn.add_axes((0.0, 0.0, 1.0, 1.0))
        write = partial(axes.text, ha="center", va="baseline")
        for k, line in enumerate(first):
            write(width / 2, height - HEADING * (k + 1), line, fontsize=11, fontweight="bold")
        for k, line in enumerate(further):
            place = height - HEADING * len(first) - LINE * (k + 1) - 0.04
            write(width / 2, place, line, fontsize=8.5)
        for slot, title in product(range(across), range(3)):
            x = LEFT + slot * example + title * (FACE + GAP) + FACE / 2
            write(x, height - top - COLUMN + 0.06, TITLES[title], fontsize=8)
        for row, (name, examples) in enumerate(rows):
            bottom = height - top - COLUMN - row * (FACE + ROW) - FACE
            write(LEFT - 0.08, bottom + FACE / 2, terminal(name)[:14], fontsize=8, ha="right")
            for slot, one in enumerate(examples):
                for column, image in enumerate((one.visible, one.translated, one.true)):
                    x = LEFT + slot * example + column * (FACE + GAP)
                    if image is not None:
                        axes.imshow(image, extent=(x, x + FACE, bottom, bottom + FACE),
                                    interpolation="none", aspect="auto")  # fmt: skip
                    if column == 1 and one.score:
                        write(x + FACE / 2, bottom - 0.11, one.score, fontsize=6.5)
        axes.set(xlim=(0, width), ylim=(0, height))
        axes.set_axis_off()
        return save(drawn, stem)
