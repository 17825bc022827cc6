"""What a run wrote, in few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from irfer_bench.render.layout import placed

FIGURES = (".png", ".svg")
SHOWN = 4
"""Figures that are named one by one."""


def describe_written(paths: Sequence[Path], width: int) -> Iterator[str]:
    """Lines on boards and figures; many figures are counted by folder."""
    figures = [path for path in paths if path.suffix in FIGURES]
    for path in paths:
        if path not in figures:
            yield from placed("wrote", path, width)
    stems = list(dict.fromkeys(path.with_suffix("") for path in figures))
    if len(stems) <= SHOWN:
        for stem in stems:
            own = [path.suffix for path in figures if path.with_suffix("") == stem]
            yield from placed("drew", f"{stem}{own[0] if len(own) == 1 else '.{png,svg}'}", width)
        return
    for folder in dict.fromkeys(stem.parent for stem in stems):
        count = sum(stem.parent == folder for stem in stems)
        yield from placed(f"drew {count} figures in", folder, width)
