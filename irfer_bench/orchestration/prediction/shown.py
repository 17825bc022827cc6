"""What figures of labels show: images with their rows, and a video frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.values import Clip
from irfer_bench.orchestration.prediction.rows import Row

if TYPE_CHECKING:
    from irfer_bench.orchestration.prediction.recognizers import ReadyRecognizer

SIDE = 320
"""Longest side of an image that is kept for a figure, in pixels."""


@dataclass
class Shown:
    """An image of the contact sheet.

    Args:
        image: (h, w, 3) uint8, at most 320 pixels long. scale: its size over the file's.
    """

    name: str
    image: NDArray[np.uint8]
    scale: float
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, image: NDArray[np.uint8]) -> Shown:
        """A small copy of an image."""
        height, width = image.shape[:2]
        scale = min(1.0, SIDE / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = Image.fromarray(np.ascontiguousarray(image)).resize(size)
        return cls(name, np.asarray(small), scale)


@dataclass(frozen=True)
class ShownVideo:
    """The evidence of a video.

    Args:
        times: (T,) seconds, or positions where the frame rate is unknown (`unit`).
        evidence: name of the evidence, such as `frames alone`, to (T, classes) probabilities.
        faces: (T, h, w, 3) uint8 as they were recognised; None where faces are not to be drawn.
    """

    row: Row
    classes: tuple[str, ...]
    times: NDArray[np.float64]
    unit: str
    evidence: dict[str, NDArray[np.float64]]
    faces: NDArray[np.uint8] | None = None


def frames_alone(
    recognizer: ReadyRecognizer, clip: Clip, fps: float | None, row: Row, keep: bool
) -> ShownVideo:
    """Each frame recognised as a still of its own."""
    frames = clip.scored_frames()
    places = clip.positions or tuple(range(len(clip.frames)))
    scored = range(len(places)) if clip.scored is None else clip.scored
    stills = [
        replace(clip, id=f"{clip.id}.{k}", frames=frames[k : k + 1].copy(), positions=None,
                length=None, scored=None)
        for k in range(len(frames))
    ]  # fmt: skip
    scores = recognizer.predict(stills).astype(np.float64)
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    times = np.array([places[k] for k in scored], np.float64) / (fps or 1.0)
    return ShownVideo(
        row, recognizer.classes, times, "seconds" if fps else "frame",
        {"frames alone": p / p.sum(axis=1, keepdims=True)}, frames if keep else None,
    )  # fmt: skip
