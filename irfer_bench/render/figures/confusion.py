"""The confusion matrix: shares of each true class, with counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from irfer_bench.contracts.record import Record
from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, save, titled
from irfer_bench.render.figures.titles import describe_cell, name_cell, tell_scores

FEW = 12
"""Classes up to which the cells hold numbers."""


def draw_confusion(record: Record, stem: Path) -> list[Path]:
    """Rows true and normalised, columns predicted; darker where more of a class fell."""
    counts = np.array(record.confusion, np.float64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = [terminal(name)[:24] for name in record.classes]
    side = max(3.2, min(0.52 * len(names), 9.0))
    width, height = side + 2.0, side + 1.7
    with figure(width, height) as drawn:
        axes = drawn.add_subplot()
        shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        size = 8.0 if len(names) <= FEW else 5.0
        axes.set_xticks(range(len(names)), names, rotation=40, ha="right", fontsize=size,
                        rotation_mode="anchor")  # fmt: skip
        axes.set_yticks(range(len(names)), names, fontsize=size)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        for row, column in np.ndindex(*shares.shape) if len(names) <= FEW else ():
            share = shares[row, column]
            axes.text(
                column, row, f"{100 * share:.0f} %\n{counts[row, column]:.0f}", ha="center",
                va="center", fontsize=6.5, color="white" if share > 0.55 else "black",
            )  # fmt: skip
        bar = drawn.colorbar(shown, ax=axes, fraction=0.045, pad=0.03)
        bar.set_label("share of the true class", fontsize=8)
        bar.ax.tick_params(labelsize=7)
        scores = tell_scores(record, record.cell.primary, "accuracy", "uar")
        titled(drawn, name_cell(record), describe_cell(record), scores)
        return save(drawn, stem)
