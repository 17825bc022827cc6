"""What is cut out of a frame: an upright square, or an aligned face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Item
from irfer_bench.data.preparation.alignment import Similarity, fit_similarity, warp
from irfer_bench.data.preparation.crop import Box, crop, resize
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.data.preparation.squares import check_square

Cut: TypeAlias = Box | Similarity


def align_frames(
    item: Item,
    frames: Sequence[NDArray[np.uint8]],
    boxes: Sequence[Box | None],
    points: NDArray[np.float32],
    rules: Rules,
) -> list[Cut | None]:
    """A similarity transform per frame; where a frame has no landmarks, its square or None.

    A clip's frames each have a transform of their own. One without a face gets landmarks between
    those of the nearest frames with one.

    Args:
        points: (T, 68, 2) in the original; NaN in frames without a face.

    Raises:
        DamagedError: landmarks lie on one point or outside their image.
    """
    if rules.unit == "item":
        points = _filled(points)
    cuts: list[Cut | None] = list(boxes)
    for k, (frame, own) in enumerate(zip(frames, points, strict=True)):
        if not np.isnan(own).all():
            cut = fit_similarity(own, rules.align, rules.size, rules.crop, item.id)
            check_square(cut.square(rules.size), frame, item, rules)
            cuts[k] = cut
    return cuts


def cut_out(frame: NDArray[np.uint8], cut: Cut | None, size: int) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) to (size, size, 3)."""
    assert cut is not None
    if isinstance(cut, Similarity):
        return warp(frame, cut, size)
    return resize(crop(frame, cut), size)


def move_points(
    points: NDArray[np.float32], cuts: Sequence[Cut | None], size: int
) -> NDArray[np.float32]:
    """(T, 68, 2) in the original's pixels to those of what is cut out; NaN where nothing is."""
    moved = np.full_like(points, np.nan)
    for k, cut in enumerate(cuts):
        if isinstance(cut, Similarity):
            moved[k] = cut.move(points[k])
        elif cut is not None:
            moved[k] = (points[k] - cut[:2]) * (size / cut[2])
    return moved


def note_alignment(cuts: Sequence[Cut | None], size: int) -> dict[str, Any]:
    """Recorded facts of aligned frames: upright squares, and a, b and shifts of each transform."""
    aligned = [cut if isinstance(cut, Similarity) else None for cut in cuts]
    squares = [cut.square(size) if isinstance(cut, Similarity) else cut for cut in cuts]
    return {
        "boxes": [None if square is None else list(square) for square in squares],
        "align": [None if each is None else each.facts() for each in aligned],
    }


def _filled(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same with linear interpolation over frames that are NaN."""
    known = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    if len(known) in (0, len(points)):
        return points
    flat = points.reshape(len(points), -1)
    every = np.arange(len(points))
    columns = [np.interp(every, known, flat[known, c]) for c in range(flat.shape[1])]
    return np.stack(columns, axis=1).reshape(points.shape).astype(np.float32)
