"""Regions on which predictions rest, drawn on the frame; and words near to learned vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.explanations import NearestWords, Regions
from irfer_bench.contracts.record import Record
from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, headed, save, titled
from irfer_bench.render.figures.titles import describe_cell, name_cell, tell_scores

SIDE, ACROSS, ROWS = 1.55, 4, 40


@dataclass(frozen=True)
class ExplainedFace:
    """A clip's frame (H, W, 3) uint8, its true and predicted class, and the regions."""

    image: NDArray[np.uint8]
    true: str
    predicted: str
    regions: Regions


def draw_regions(record: Record, faces: Sequence[ExplainedFace], stem: Path) -> list[Path]:
    """One face per class; opaque regions count more."""
    from matplotlib.patches import Rectangle

    across, down = min(ACROSS, len(faces)), -(-len(faces) // ACROSS)
    with figure(max(across * SIDE + 0.4, 4.6), down * (SIDE + 0.42) + 0.85) as drawn:
        panels = drawn.subplots(down, across, squeeze=False).ravel()
        for axes in panels:
            axes.set_axis_off()
        for axes, each in zip(panels, faces, strict=False):
            height, width = each.image.shape[:2]
            axes.imshow(each.image, extent=(0, 1, 1, 0), aspect=height / width)
            weights = np.asarray(each.regions.weights, np.float64)
            spread = np.ptp(weights)
            share = (weights - weights.min()) / spread if spread else np.ones(len(weights))
            for (left, top, right, bottom), opacity in zip(each.regions.boxes, share, strict=True):
                axes.add_patch(Rectangle(
                    (left, top), right - left, bottom - top, linewidth=0.5, edgecolor="#c05621",
                    facecolor=(0.75, 0.34, 0.13, 0.12 + 0.38 * opacity),
                ))  # fmt: skip
            text = terminal(each.predicted)[:20]
            text += "" if each.true == each.predicted else f" (true {each.true[:16]})"
            axes.text(0.5, 1.03, terminal(text), ha="center", va="top", fontsize=7)
        kinds = sorted({each.regions.name.partition(" for ")[0] for each in faces})
        headed(drawn, name_cell(record), describe_cell(record),
               tell_scores(record, record.cell.primary), terminal(", ".join(kinds)))  # fmt: skip
        return save(drawn, stem)


def draw_words(record: Record, vectors: Sequence[NearestWords], stem: Path) -> list[Path]:
    """A table: each learned vector, its nearest words and their distances."""
    shown = vectors[:ROWS]
    height = 0.19 * len(shown) + 1.15
    with figure(6.4, height) as drawn:
        axes = drawn.add_subplot()
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(len(shown) + 0.3, -1))
        for row, each in enumerate(shown):
            words = ", ".join(f"{terminal(word)} ({far:.3g})" for word, far in each.words)
            axes.text(0.0, row, terminal(each.name)[:24], fontsize=7, fontweight="bold")
            axes.text(0.2, row, words[:100], fontsize=7)
        more = f", the first {ROWS} of {len(vectors)}" if len(vectors) > ROWS else ""
        titled(drawn, name_cell(record), describe_cell(record),
               tell_scores(record, record.cell.primary),
               f"words nearest to each learned vector, Euclidean distances{more}")  # fmt: skip
        return save(drawn, stem)
