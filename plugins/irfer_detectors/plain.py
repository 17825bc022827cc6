"""Detectors without image analysis: the image's centre, known landmarks or given boxes."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import numpy as np

from irfer_bench.api import DamagedError, Face, FaceQuery, MissingError, Params


class _Plain:
    """Common to all three: nothing to load, no pixels needed."""

    looks = False

    def __init__(self, params: Params) -> None:
        self.params = params

    def open(self, weights: Path) -> None:
        """Nothing is needed."""


class Centre(_Plain):
    """`none`: the largest square in the middle of the image, the crop itself."""

    exact = True

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """One square per frame, in whole pixels."""
        return [_centre(*frame.shape[:2]) for frame in query.frames]


class Landmarks(_Plain):
    """`landmarks`: the extent of the 68 points, to be enlarged by the setting's factor."""

    exact = False

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """The box of each frame's points.

        Raises:
            MissingError: the item has none. DamagedError: they are not finite, or one point.
        """
        points, name = query.landmarks, query.item.id
        if points is None:
            raise MissingError(
                f"{name} has no landmarks to crop by",
                "pass --landmarks FILE (safetensors, one (T, 68, 2) float32 array per item id)",
            )
        if not np.isfinite(points).all():
            raise DamagedError(f"landmarks of {name} are not finite", "repair the file")
        low, high = points.min(axis=1), points.max(axis=1)
        if not (high - low).max(axis=1).all():
            raise DamagedError(f"landmarks of {name} lie on one point", "repair the file")
        return [
            Face(float(left), float(top), float(right), float(bottom))
            for (left, top), (right, bottom) in zip(low, high, strict=True)
        ]


class Boxes(_Plain):
    """`boxes`: the user's squares, the crop itself; None for items that the file does not name."""

    exact = True

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        """The square of each frame, or None.

        Raises:
            MissingError: no file was given. DamagedError: a square is not finite or has no side.
        """
        given = query.boxes
        if given is None:
            raise MissingError(
                "detector 'boxes' has no boxes", "pass --boxes FILE, such as a kept boxes.json"
            )
        return [None if box is None else _square(box, query.item.id) for box in given]


def _centre(height: int, width: int) -> Face:
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    return Face(left, top, left + side, top + side)


def _square(box: tuple[float, float, float], name: str) -> Face:
    left, top, side = box
    if not (isfinite(left) and isfinite(top) and isfinite(side) and side > 0):
        raise DamagedError(
            f"the box of {name} is {tuple(box)}", "give left, top and a positive side in pixels"
        )
    return Face(left, top, left + side, top + side)
