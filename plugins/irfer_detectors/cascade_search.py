"""Search of a Haar cascade from large to small windows, which ends when the largest face is known.

OpenCV's `detectMultiScale` scans every size of window, and the smallest take most of the time. It
groups windows whose sizes differ by at most a factor of 1.4, and drops a group only for one that is
at most so much smaller (`groupRectangles`, eps = 0.2). So a group whose windows are all that much
larger than those not yet scanned is final, and what is smaller cannot change which face is largest.
The face is that of the whole search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

EPS = 0.2
"""OpenCV's tolerance of grouped windows, as a fraction of their size."""
REACH = 1 + 2 * EPS
"""Largest ratio of the sizes of two windows that are grouped."""
BAND = 2
"""Sizes of window that are scanned at a time."""


def find_largest(
    cascade: Any, grey: NDArray[np.uint8], step: float, neighbors: int, smallest: int
) -> list[tuple[int, int, int, int]]:
    """Faces (left, top, width, height) among which are all of the largest size.

    Args:
        cascade: `cv2.CascadeClassifier`. step: between two sizes of window.
        neighbors: windows of a face, less one. smallest: side of a face in pixels.
    """
    sizes = window_sizes(cascade.getOriginalWindowSize()[0], grey.shape, step, smallest)
    if not sizes:
        return _rows(_scan(cascade, grey, step, neighbors, (smallest, 0)))
    windows = np.zeros((0, 4), np.int64)
    for low, high in _bands(sizes):
        found = _scan(cascade, grey, step, 0, (low, high))
        windows = np.concatenate([windows, np.asarray(found, np.int64).reshape(-1, 4)])
        faces = _final(windows, low, neighbors)
        if faces:
            return faces
    return _grouped(windows, neighbors)


def window_sizes(first: int, shape: Sequence[int], step: float, smallest: int) -> list[int]:
    """Sides of the windows that OpenCV scans, ascending.

    Args:
        first: side of the cascade's own window. shape: of the image.
    """
    sizes = []
    factor = 1.0
    while (size := round(first * factor)) <= min(shape[:2]):
        if size >= smallest:
            sizes.append(size)
        factor *= step
    return sizes


def _bands(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Smallest and largest size of each band, the largest first."""
    for end in range(len(sizes), 0, -BAND):
        yield sizes[max(0, end - BAND)], sizes[end - 1]


def _scan(
    cascade: Any, grey: NDArray[np.uint8], step: float, neighbors: int, sizes: tuple[int, int]
) -> Any:
    low, high = sizes
    return cascade.detectMultiScale(
        grey, scaleFactor=step, minNeighbors=neighbors, minSize=(low, low), maxSize=(high, high),
    )


def _final(
    windows: NDArray[np.int64], scanned: int, neighbors: int
) -> list[tuple[int, int, int, int]]:
    """The faces of final groups, where the largest of them is the largest of all; else none.

    Args:
        scanned: side of the smallest windows that were scanned.
    """
    if len(windows) <= neighbors:
        return []
    side = windows[:, 2]
    group = _groups(windows)
    least = np.full(len(windows), np.iinfo(np.int64).max)
    np.minimum.at(least, group, side)
    closed = least[group] > REACH * scanned
    faces = _grouped(windows[closed], neighbors)
    if not faces:
        return []
    rest = max([scanned, *side[~closed].tolist()])
    largest = max(width for _, _, width, _ in faces)
    return faces if largest > REACH * rest + 2 else []


def _groups(windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) number of each window's group: OpenCV's `partition` by `SimilarRects`."""
    left, top, width, height = windows.T
    edges = np.stack([left, top, left + width, top + height])
    gaps = np.abs(edges[:, :, None] - edges[:, None, :]).max(axis=0)
    near = np.minimum.outer(width, width) + np.minimum.outer(height, height)
    alike = gaps <= EPS * near / 2
    group = np.arange(len(windows))
    while True:
        joined = np.where(alike, group, len(windows)).min(axis=1)
        if np.array_equal(joined, group):
            return group
        group = joined


def _grouped(windows: NDArray[np.int64], neighbors: int) -> list[tuple[int, int, int, int]]:
    import cv2

    if not len(windows):
        return []
    faces, _ = cv2.groupRectangles(windows.tolist(), neighbors, EPS)
    return _rows(faces)


def _rows(faces: Any) -> list[tuple[int, int, int, int]]:
    return [(int(x), int(y), int(wide), int(tall)) for x, y, wide, tall in faces]
