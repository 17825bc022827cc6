"""Choice of the square of every frame, and its landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Face, Item
from irfer_bench.data.preparation.crop import Box, centre_square, exact_box, square_around
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.errors import DamagedError

LARGEST = 10
"""Sides of an image that a square's side may be: beyond, it was given in other units."""


def choose_squares(
    item: Item,
    frames: Sequence[NDArray[np.uint8]],
    faces: Sequence[Face | None] | None,
    rules: Rules,
    exact: bool,
) -> list[Box | None]:
    """A square per frame; None for a frame that is dropped.

    A clip of several frames has one square around all faces; exact squares differ per frame.

    Args:
        faces: the face found in each frame; None where no detector ran.
        exact: the faces are squares that are used unchanged.

    Raises:
        DamagedError: no face was found and the rule is to fail, or a square lies outside its
            image or is far larger.
    """
    squares = _squares(item, frames, faces, rules, exact)
    for square, frame in zip(squares, frames, strict=True):
        if square is not None:
            check_square(square, frame, item, rules)
    return squares


def check_square(square: Box, frame: NDArray[np.uint8], item: Item, rules: Rules) -> None:
    """Refuse a square that shows nothing of its image, or mostly its repeated border.

    Raises:
        DamagedError: it does.
    """
    if not _meets(square, frame):
        height, width = frame.shape[:2]
        raise DamagedError(
            f"the square (left, top, side) = {square} of {item.id} does not fit its image of "
            f"{width} x {height} pixels",
            f"correct what {rules.detector} goes by",
        )


def _meets(square: Box, frame: NDArray[np.uint8]) -> bool:
    """Whether a square shows some of the image and not mostly its repeated border."""
    left, top, side = square
    height, width = frame.shape[:2]
    touches = left < width and top < height and left + side > 0 and top + side > 0
    return touches and side <= LARGEST * max(height, width)


def _squares(
    item: Item,
    frames: Sequence[NDArray[np.uint8]],
    faces: Sequence[Face | None] | None,
    rules: Rules,
    exact: bool,
) -> list[Box | None]:
    if faces is None:
        return [centre_square(frame) for frame in frames]
    found = [face for face in faces if face is not None]
    lacking = not found or (rules.unit == "frame" and len(found) < len(faces))
    if rules.no_face == "fail" and lacking:
        raise DamagedError(
            f"no face found in {item.id} by {rules.detector}",
            "give its box (--boxes FILE), choose another detector, or say --no-face whole or drop",
        )
    if rules.unit == "item" and found and not exact:
        return [square_around(found, rules.crop, item.id)] * len(frames)
    squares: list[Box | None]
    if rules.unit == "item" and found:
        squares = [exact_box(found[0])] * len(frames)
    else:
        dropped = rules.no_face == "drop"
        squares = [None if dropped else centre_square(frame) for frame in frames]
    for k, face in enumerate(faces):
        if face is not None:
            squares[k] = exact_box(face) if exact else square_around([face], rules.crop, item.id)
    return squares


def note_facts(
    positions: Sequence[int],
    boxes: Sequence[Box | None],
    faces: Sequence[Face | None] | None,
) -> dict[str, Any]:
    """Recorded facts of an item: positions, squares, positions without a face."""
    facts: dict[str, Any] = {
        "positions": list(positions),
        "boxes": [None if box is None else list(box) for box in boxes],
    }
    if faces is not None and None in faces:
        facts["no_face"] = [p for p, face in zip(positions, faces, strict=True) if face is None]
    return facts
