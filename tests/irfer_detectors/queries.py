"""What the tests of detectors ask: images, and facts that a user brings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from irfer_bench.api import FaceQuery, Item


def query(*frames: Any, landmarks: Any = None, boxes: Sequence[Any] | None = None) -> FaceQuery:
    """One item of these frames."""
    item = Item("a", None, None, "vis", frames=len(frames))
    return FaceQuery(item, range(len(frames)), frames, landmarks=landmarks, boxes=boxes)


def blank(height: int = 100, width: int = 160) -> Any:
    return np.full((height, width, 3), 90, np.uint8)


PORTRAIT_CENTRE, PORTRAIT_SIDE = (224.0, 115.0), 100.0
"""Where the face of the portrait is, by eye: brows to chin, cheek to cheek."""


def portrait() -> Any:
    """(512, 512, 3): the public-domain photograph of an astronaut that scikit-image ships."""
    import skimage

    path = Path(skimage.__file__).parent / "data" / "astronaut.png"
    return np.asarray(Image.open(path).convert("RGB"))


def assert_portrait_found(face: Any, scale: float = 1.0) -> None:
    """The face lies on the known one: centred within a quarter of it, of about its size."""
    assert face is not None
    middle = ((face.left + face.right) / 2, (face.top + face.bottom) / 2)
    for found, known in zip(middle, PORTRAIT_CENTRE, strict=True):
        assert abs(found / scale - known) < PORTRAIT_SIDE / 4
    side = max(face.right - face.left, face.bottom - face.top) / scale
    assert 0.6 < side / PORTRAIT_SIDE < 1.6
