"""Features of two domains in the plane, by class and domain, and how far the domains are apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.record import Record
from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, headed, save
from irfer_bench.render.figures.titles import describe_cell, name_cell, tell_scores

MARKERS = ("o", "^", "s", "D")
SIDE = 3.1


@dataclass(frozen=True)
class FeatureMap:
    """Features of the same clips before or after training.

    Args:
        name: whose features. places: (N, 2). distances: metric to value as text.
    """

    name: str
    places: NDArray[np.float64]
    distances: Mapping[str, str]


def draw_domains(
    record: Record,
    maps: Sequence[FeatureMap],
    labels: Sequence[str],
    domains: Sequence[str],
    stem: Path,
) -> list[Path]:
    """One panel per map; colour says the class, the marker the domain.

    Args:
        labels, domains: of each of the N clips.
    """
    known = list(dict.fromkeys(domains))
    colours = {name: f"C{k % 10}" for k, name in enumerate(record.classes)}
    own, where = np.array(labels), np.array(domains)
    with figure(len(maps) * SIDE + 1.7, SIDE + 1.7) as drawn:
        panels = drawn.subplots(1, len(maps), squeeze=False)[0]
        for axes, each in zip(panels, maps, strict=True):
            for (name, colour), (k, domain) in (
                (a, b) for a in colours.items() for b in enumerate(known)
            ):
                picked = (own == name) & (where == domain)
                axes.scatter(
                    *each.places[picked].T, s=13, marker=MARKERS[k % len(MARKERS)],
                    facecolors=colour if k % 2 == 0 else "none", edgecolors=colour, linewidths=0.8,
                )  # fmt: skip
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
            distances = [f"{name} {value}" for name, value in each.distances.items()]
            axes.set_xlabel("\n".join([each.name, *distances]), fontsize=7.5)
        _explain(panels[-1], colours, known)
        headed(drawn, name_cell(record), describe_cell(record),
               tell_scores(record, record.cell.primary, "uar"))  # fmt: skip
        return save(drawn, stem)


def _explain(axes: object, colours: Mapping[str, str], domains: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker=MARKERS[k % len(MARKERS)], color="0.3", linestyle="",
               markerfacecolor="0.3" if k % 2 == 0 else "none", label=terminal(name)[:30])
        for k, name in enumerate(domains)
    ]  # fmt: skip
    classes = [
        Line2D([], [], marker="s", color=colour, linestyle="", label=terminal(name)[:24])
        for name, colour in colours.items()
    ]
    axes.legend(  # type: ignore[attr-defined]
        handles=marks + classes, fontsize=6.5, loc="center left", bbox_to_anchor=(1.0, 0.5),
        frameon=False,
    )  # fmt: skip
