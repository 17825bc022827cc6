"""Alignment: a similarity transform brings a face's landmarks to fixed places of the crop.

The places are the mean shape of 98 of the 100 faces of scikit-image's `lfw_subset`, by dlib's
landmarks, with the eyes level and one apart, made symmetric. They are scaled so that the extent of
the whole mean shape is the crop divided by the setting's factor, as `--detector landmarks` frames
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.data.preparation.crop import Box, crop
from irfer_bench.errors import DamagedError
from irfer_bench.settings.setting import Align

EYES = (slice(36, 42), slice(42, 48))
STABLE = (36, 39, 42, 45, 27, 28, 29, 30, 31, 32, 33, 34, 35)
"""Landmarks that an expression moves least: corners of the eyes, nose."""
PLACES = np.array([
    (-0.693, 0.005), (-0.299, 0.026), (0.299, 0.026), (0.693, 0.005),
    (0.0, -0.039), (0.0, 0.159), (0.0, 0.351), (0.0, 0.546),
    (-0.234, 0.690), (-0.127, 0.732), (0.0, 0.766), (0.127, 0.732), (0.234, 0.690),
])
"""Mean places of `STABLE`: between the eyes is (0, 0), they are 1 apart, y points down."""
EYE_PLACES = np.array([(-0.5, 0.0), (0.5, 0.0)])
MIDDLE, EXTENT = (0.0, 0.767), 2.282
"""Centre and larger side of the extent of all 68 mean landmarks."""


@dataclass(frozen=True)
class Similarity:
    """(x, y) in the original to (a x - b y + shift_x, b x + a y + shift_y) in the crop.

    Both are continuous pixel coordinates: the centre of the first pixel is 0.5.
    """

    a: float
    b: float
    shift_x: float
    shift_y: float

    @property
    def scale(self) -> float:
        """Pixels of the crop per pixel of the original."""
        return float(np.hypot(self.a, self.b))

    def move(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """(..., 2) points of the original to those of the crop."""
        turn = np.array([[self.a, self.b], [-self.b, self.a]])
        return np.asarray(points @ turn + (self.shift_x, self.shift_y), np.float32)

    def original(self, x: float, y: float) -> tuple[float, float]:
        """The point of the original that lies at (x, y) of the crop."""
        x, y, norm = x - self.shift_x, y - self.shift_y, self.a**2 + self.b**2
        return (self.a * x + self.b * y) / norm, (self.a * y - self.b * x) / norm

    def square(self, size: int) -> Box:
        """The upright square of the original with the crop's centre and side."""
        x, y = self.original(size / 2, size / 2)
        side = max(1, round(size / self.scale))
        return round(x - side / 2), round(y - side / 2), side

    def facts(self) -> list[float]:
        """As it is recorded."""
        return [self.a, self.b, self.shift_x, self.shift_y]


def fit_similarity(
    points: NDArray[Any], align: Align, size: int, factor: float, name: str
) -> Similarity:
    """The transform of least squares from landmarks to their places.

    Args:
        points: (68, 2) in pixels of the original. align: by the centres of both `eyes`, or by the
            `landmarks` of eye corners and nose. size: of the crop. factor: the setting's `crop`.
        name: of the item.

    Raises:
        DamagedError: the points are not finite, or are one.
    """
    known = np.asarray(points, np.float64)
    if align == "eyes":
        known, places = np.stack([known[eye].mean(axis=0) for eye in EYES]), EYE_PLACES
    else:
        known, places = known[list(STABLE)], PLACES
    wanted = size / 2 + (places - MIDDLE) * size / (EXTENT * factor)
    z, w = (p[:, 0] + 1j * p[:, 1] for p in (known, wanted))
    spread = float((abs(z - z.mean()) ** 2).sum())
    if not np.isfinite(spread) or spread < 1e-6:
        raise DamagedError(f"landmarks of {name} lie on one point or are not finite", "repair them")
    turn = ((z - z.mean()).conj() * (w - w.mean())).sum() / spread
    shift = w.mean() - turn * z.mean()
    return Similarity(turn.real, turn.imag, shift.real, shift.imag)


def warp(frame: NDArray[np.uint8], similarity: Similarity, size: int) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) to (size, size, 3): made smaller with antialias first, then turned.

    Outside the image its border is repeated.
    """
    x, y = similarity.original(size / 2, size / 2)
    reach = int(np.ceil(0.75 * size / similarity.scale)) + 2  # a square turned by 45 degrees
    left, top = int(np.floor(x)) - reach, int(np.floor(y)) - reach
    image = Image.fromarray(np.ascontiguousarray(crop(frame, (left, top, 2 * reach))))
    side = min(2 * reach, max(1, round(2 * reach * similarity.scale)))
    if side < 2 * reach:
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    ratio = side / (2 * reach)
    (x0, y0), (x1, y1), (x2, y2) = (
        similarity.original(*corner) for corner in ((0, 0), (1, 0), (0, 1))
    )
    rows = (x1 - x0, x2 - x0, x0 - left, y1 - y0, y2 - y0, y0 - top)
    turned = image.transform(
        (size, size), Image.Transform.AFFINE, tuple(ratio * value for value in rows),
        Image.Resampling.BICUBIC,
    )
    pixels = np.asarray(turned)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
