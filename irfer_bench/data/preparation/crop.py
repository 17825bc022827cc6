"""Cropping of a square, conversion to 8 bits and resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.values import Face
from irfer_bench.errors import ContractError, DamagedError

Box = tuple[int, int, int]
"""Left, top and side of a square in pixels of the original; it may reach over the border."""


def centre_square(frame: NDArray[Any]) -> Box:
    """The largest square in the middle of an image."""
    height, width = frame.shape[:2]
    side = min(height, width)
    return (width - side) // 2, (height - side) // 2, side


def exact_box(face: Face) -> Box:
    """A detector's own square, in whole pixels."""
    return round(face.left), round(face.top), max(1, round(face.right - face.left))


def square_around(faces: Sequence[Face], factor: float, name: str) -> Box:
    """The square around all faces, its side `factor` times the larger side of their extent.

    Raises:
        DamagedError: the extent is a point. `name` says whose.
    """
    low = np.array([(face.left, face.top) for face in faces], np.float64).min(axis=0)
    high = np.array([(face.right, face.bottom) for face in faces], np.float64).max(axis=0)
    side = round(factor * float((high - low).max()))
    if side < 1:
        raise DamagedError(f"the face of {name} has no extent", "repair the file of boxes")
    left, top = np.floor((low + high - side) / 2 + 0.5)
    return int(left), int(top), side


def eight_bit(frame: NDArray[Any], low_high: tuple[float, float] | None) -> NDArray[np.uint8]:
    """(H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8 or uint16, to (H, W) or (H, W, 3) uint8."""
    if frame.ndim == 3:
        frame = frame[..., 0] if frame.shape[2] in (1, 2) else frame[..., :3]
    if frame.dtype == np.uint8:
        return frame
    if frame.dtype != np.uint16 or low_high is None:
        raise ContractError(f"frames must be uint8 or uint16, the dataset returned {frame.dtype}")
    low, high = low_high
    unit = (frame.astype(np.float32) - low) / max(high - low, 1.0)
    scaled: NDArray[np.uint8] = np.floor(np.clip(unit, 0, 1) * 255 + 0.5).astype(np.uint8)
    return scaled


def crop(frame: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The square; outside the image its border is repeated.

    A black bar would be a visible feature of the crop.
    """
    left, top, side = box
    height, width = frame.shape[:2]
    if left >= 0 and top >= 0 and left + side <= width and top + side <= height:
        return frame[top : top + side, left : left + side]
    rows = np.clip(np.arange(top, top + side), 0, height - 1)
    columns = np.clip(np.arange(left, left + side), 0, width - 1)
    return frame[np.ix_(rows, columns)]


def resize(frame: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) to (size, size, 3), bicubic with antialias; an equal size is kept."""
    if frame.shape[0] != size:
        image = Image.fromarray(np.ascontiguousarray(frame))
        frame = np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
    return frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=2)
