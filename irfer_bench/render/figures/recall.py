"""Recall of each class with its interval."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.contracts.record import Record
from irfer_bench.render.escape import terminal
from irfer_bench.render.figures.canvas import figure, save, titled
from irfer_bench.render.figures.titles import describe_cell, name_cell, tell_scores
from irfer_bench.statistics.kept import TestItems
from irfer_bench.statistics.recalls import recalls

COLOUR, WIDTH = "#2b6cb0", 5.6


def draw_recall(record: Record, tested: TestItems, stem: Path) -> list[Path]:
    """One bar per class, its 95 % interval over subjects, and what guessing gives."""
    found = recalls(tested)
    names = [
        f"{terminal(name)[:24]} ({own.items})"
        for name, own in zip(record.classes, found, strict=True)
    ]
    places = range(len(found))
    height = 1.7 + 0.34 * len(found)
    with figure(WIDTH, height) as drawn:
        axes = drawn.add_subplot()
        values = [100 * (own.value or 0.0) for own in found]
        axes.barh(places, values, height=0.66, color=COLOUR)
        for place, own in enumerate(found):
            text = "no item" if own.value is None else f"{100 * own.value:.1f}"
            right = 100 * max(own.high or 0.0, own.value or 0.0)
            axes.text(right + 1.5, place, text, va="center", fontsize=7.5, zorder=4,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
            if own.value is not None and own.low is not None and own.high is not None:
                ends = [[own.value - own.low], [own.high - own.value]]
                axes.errorbar(
                    100 * own.value, place, xerr=[[100 * max(end[0], 0.0)] for end in ends],
                    color="black", capsize=2.5, linewidth=1.0,
                )  # fmt: skip
        chance = 100 / max(len(found), 1)
        axes.axvline(chance, color="0.35", linestyle="--", linewidth=1.0)
        axes.set_yticks(places, names, fontsize=8)
        axes.set_ylim(len(found) - 0.4, -0.6)
        axes.set_xlim(0, 112)
        axes.set_xticks(range(0, 101, 20))
        axes.set_xlabel(f"recall in %, 95 % interval over subjects; dashed: chance {chance:.1f} %")
        titled(drawn, name_cell(record), f"{describe_cell(record)}, in parentheses by class",
               tell_scores(record, "uar"))  # fmt: skip
        return save(drawn, stem)
