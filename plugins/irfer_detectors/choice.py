"""Choice of one face among several in an image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Window = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""


def windows(rows: Iterable[Any]) -> list[Window]:
    """The first four numbers of each row, which are followed by a confidence."""
    return [(float(row[0]), float(row[1]), float(row[2]), float(row[3])) for row in rows]


def choose(faces: Sequence[Window], shape: tuple[int, ...]) -> Window:
    """The largest of at least one face; of equals, the most central.

    Args:
        shape: of the image, height and width first.
    """
    height, width = shape[:2]

    def rank(window: Window) -> tuple[float, ...]:
        left, top, right, bottom = window
        off = (left + right - width) ** 2 + (top + bottom - height) ** 2
        return -(right - left) * (bottom - top), off, left, top

    return min(faces, key=rank)
