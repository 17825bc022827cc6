"""The evidence of a video: probabilities of the classes over time, one panel per kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, save, titled

WIDTH, PANEL, STRIP, FACES = 6.6, 1.7, 0.75, 8
"""Inches: of the figure, height of a panel and of the strip of faces; faces in the strip."""


def draw_evidence(
    title: str,
    lines: Sequence[str],
    times: NDArray[np.float64],
    unit: str,
    evidence: Mapping[str, NDArray[np.float64]],
    classes: Sequence[str],
    stem: Path,
    faces: NDArray[np.uint8] | None = None,
) -> list[Path]:
    """Lines of each class over time; (1, classes) evidence of a whole clip is drawn as bars.

    Args:
        times: (T,). evidence: by name (T, classes) or (1, classes) probabilities.
        faces: (T, H, W, 3) as they were recognised, of which a strip is shown on top.
    """
    heights = [STRIP] if faces is not None and len(faces) else []
    heights += [PANEL] * len(evidence)
    with figure(WIDTH, sum(heights) + 1.15) as drawn:
        grid = drawn.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        if faces is not None and len(faces):
            picked = np.linspace(0, len(faces) - 1, min(FACES, len(faces))).round().astype(int)
            strip = np.concatenate([_framed(faces[k]) for k in dict.fromkeys(picked)], axis=1)
            grid[0].imshow(strip)
            grid[0].set_axis_off()
        panels = grid[len(heights) - len(evidence) :]
        colours = [f"C{k % 10}" for k in range(len(classes))]
        for axes, (name, shares) in zip(panels, evidence.items(), strict=True):
            if len(shares) == 1:
                axes.barh(range(len(classes)), 100 * shares[0], color=colours, height=0.7)
                axes.set_yticks(range(len(classes)), [terminal(c) for c in classes], fontsize=6.5)
                axes.invert_yaxis()
                axes.set(xlim=(0, 100), xlabel="probability of the whole clip in %")
            else:
                for k, each in enumerate(classes):
                    axes.plot(times, 100 * shares[:, k], color=colours[k], linewidth=1.3,
                              marker=".", markersize=3, linestyle="-" if k < 10 else "--",
                              label=terminal(each)[:24])  # fmt: skip
                axes.set(ylim=(-2, 102), ylabel="%", xlabel=unit)
                axes.legend(fontsize=6.5, loc="center left", bbox_to_anchor=(1.0, 0.5),
                            frameon=False)  # fmt: skip
            axes.text(0.01, 0.97, terminal(name), transform=axes.transAxes, fontsize=8, va="top",
                      fontweight="bold")  # fmt: skip
        titled(drawn, title, *lines)
        return save(drawn, stem)


def _framed(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A face with a white border at its right, at most 128 pixels high."""
    step = max(1, face.shape[0] // 128)
    small = face[::step, ::step]
    return np.pad(small, ((0, 0), (0, 4), (0, 0)), constant_values=255)
