"""Frames of an item that a detector looks at, and the faces between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Face


def key_frames(count: int, every: int) -> list[int]:
    """Every n-th of `count` frames, and the last."""
    keys = list(range(0, count, every))
    return keys if not keys or keys[-1] == count - 1 else [*keys, count - 1]


def interpolate(
    found: Sequence[Face | None], keys: Sequence[int], positions: Sequence[int]
) -> list[Face | None]:
    """A face per frame: between two frames with a face boxes and landmarks move linearly.

    Where only one of the two has a face, frames nearer to it have the same, the others none.

    Args:
        found: of the key frames. keys: their numbers among the frames, ascending, first and last
            included. positions: of all frames inside the item.
    """
    faces: list[Face | None] = [None] * len(positions)
    for face, key in zip(found, keys, strict=True):
        faces[key] = face
    for (before, low), (after, high) in pairwise(zip(found, keys, strict=True)):
        span = positions[high] - positions[low]
        for k in range(low + 1, high):
            share = (positions[k] - positions[low]) / span if span else 0.0
            faces[k] = _between(before, after, share)
    return faces


def _between(before: Face | None, after: Face | None, share: float) -> Face | None:
    if before is None or after is None:
        return before if share < 0.5 else after
    edges = ((face.left, face.top, face.right, face.bottom) for face in (before, after))
    first, second = (np.array(each, np.float64) for each in edges)
    points = None
    if before.landmarks is not None and after.landmarks is not None:
        points = _mix(before.landmarks, after.landmarks, share).astype(np.float32)
    left, top, right, bottom = _mix(first, second, share).tolist()
    return Face(left, top, right, bottom, landmarks=points)


def _mix(first: NDArray[Any], second: NDArray[Any], share: float) -> NDArray[np.float64]:
    return np.asarray((1 - share) * first + share * second, np.float64)
