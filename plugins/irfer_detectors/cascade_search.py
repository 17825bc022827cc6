"""Search of a Haar cascade from large to small windows, which ends when the largest face is known.

OpenCV's `detectMultiScale` scans every size of window, and the smallest take most of the time. It
groups windows whose sizes differ by at most a factor of 1.4, and drops a group only for one with
more windows that is at most so much smaller (`groupRectangles`, eps = 0.2). So a group is final
whose windows are all that much larger than those not yet scanned. The search ends where what is
left can neither outgrow nor replace it. The face is that of the whole search, to the pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Faces: TypeAlias = list[tuple[int, int, int, int]]
"""Left, top, width and height of each."""

EPS = 0.2
"""OpenCV's tolerance of grouped windows, as a fraction of their size."""
REACH = 1 + 2 * EPS
"""Largest ratio of the sizes of two windows that are grouped."""
WORTH = 1.6
"""From such a ratio of the largest face to the next windows it may be final."""


def find_largest(
    cascade: Any, grey: NDArray[np.uint8], step: float, neighbors: int, smallest: int
) -> Faces:
    """Faces among which are all of the largest size.

    Args:
        cascade: `cv2.CascadeClassifier`. step: between two sizes of window.
        neighbors: windows of a face, less one. smallest: side of a face in pixels.
    """
    sizes = window_sizes(cascade.getOriginalWindowSize()[0], grey.shape, step, smallest)
    windows = np.zeros((0, 4), np.int64)
    largest = 0
    for side, below in zip(sizes, [*sizes, 0][1:], strict=True):
        found = cascade.detectMultiScale(
            grey, scaleFactor=step, minNeighbors=0, minSize=(side, side), maxSize=(side, side)
        )
        if len(found):
            # Grouped come first and cut to the image second, in the whole search.
            whole = [(x, y, side, side) for x, y, _, _ in found]
            windows = np.concatenate([windows, np.array(whole, np.int64)])
            largest = max([0, *(face[2] for face in _grouped(windows, neighbors)[0])])
        if below and largest > WORTH * below:
            faces = _final(windows, below, neighbors)
            if faces:
                return _cut(faces, grey.shape)
    return _cut(_grouped(windows, neighbors)[0], grey.shape)


def window_sizes(first: int, shape: Sequence[int], step: float, smallest: int) -> list[int]:
    """Sides of the windows that OpenCV scans, the largest first.

    Where none is left it scans the one next to the smallest asked for.

    Args:
        first: side of the cascade's own window. shape: of the image.
    """
    sizes = []
    factor = 1.0
    while (size := round(first * factor)) <= min(shape[:2]):
        sizes.append(size)
        factor *= step
    return [size for size in sizes if size >= smallest][::-1] or sizes[-1:]


def _final(windows: Ints, unseen: int, neighbors: int) -> Faces:
    """The faces of final groups, where the largest of them is the largest of all; else none.

    Args:
        unseen: side of the largest windows that were not scanned.
    """
    side = windows[:, 2]
    group = _groups(windows)
    least = np.full(len(windows), np.iinfo(np.int64).max)
    np.minimum.at(least, group, side)
    closed = least[group] > REACH * unseen
    faces, weights = _grouped(windows[closed], neighbors)
    if not faces:
        return []
    largest = max(width for _, _, width, _ in faces)
    support = min(
        weight for face, weight in zip(faces, weights, strict=True) if face[2] == largest
    )
    rest = np.sort(side[~closed])[::-1]
    more = neighbors + 1 if support < 3 else max(3, support) + 1
    outgrown = _widest(rest, unseen, neighbors + 1) >= largest
    replaced = REACH * _widest(rest, unseen, more) + 2 >= largest
    return [] if outgrown or replaced else faces


def _widest(sides: Ints, unseen: int, count: int) -> float:
    """Largest mean side of at least `count` windows: these, descending, and unseen ones."""
    taken = sides[:count]
    return float(taken.sum() + (count - len(taken)) * unseen) / count


def _groups(windows: Ints) -> Ints:
    """(N,) number of each window's group: OpenCV's `partition` by `SimilarRects`."""
    left, top, width, _ = windows.T
    edges = np.stack([left, top, left + width, top + width])
    gaps = np.abs(edges[:, :, None] - edges[:, None, :]).max(axis=0)
    alike = gaps <= EPS * np.minimum.outer(width, width)
    group = np.arange(len(windows))
    while True:
        joined = np.where(alike, group, len(windows)).min(axis=1)
        if np.array_equal(joined, group):
            return group
        group = joined


def _grouped(windows: Ints, neighbors: int) -> tuple[Faces, list[int]]:
    """OpenCV's faces, and how many windows each has."""
    import cv2

    if not len(windows):
        return [], []
    faces, weights = cv2.groupRectangles(windows.tolist(), neighbors, EPS)
    rows = [(int(x), int(y), int(wide), int(tall)) for x, y, wide, tall in faces]
    return rows, [int(weight) for weight in np.ravel(weights)]


def _cut(faces: Faces, shape: Sequence[int]) -> Faces:
    """Rounding puts a face over the border by a pixel."""
    height, width = shape[:2]
    return [(x, y, min(wide, width - x), min(tall, height - y)) for x, y, wide, tall in faces]
