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
    from irfer_bench.orchestration.prediction.ready import ReadyRecognizer

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
        evidence: name of the evidence, such as `each frame alone`, to (T, classes) probabilities.
        faces: (T, h, w, 3) uint8 as they were recognised; None where faces are not to be drawn.
    """

    row: Row
    classes: tuple[str, ...]
    times: NDArray[np.float64]
    unit: str
    evidence: dict[str, NDArray[np.float64]]
    faces: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Evidence:
    """What labels of parts of a clip say: times in `unit`, and shares by name, as `ShownVideo`."""

    times: NDArray[np.float64]
    unit: str
    shares: dict[str, NDArray[np.float64]]


def show_video(recognizer: ReadyRecognizer, clip: Clip, row: Row, keep: bool) -> ShownVideo:
    """The evidence of a clip for its figure; the faces where they may be kept."""
    found = gather_evidence(recognizer, clip)
    shares = found.shares or {"whole clip": np.array([row.probabilities])}
    faces = clip.scored_frames() if keep else None
    return ShownVideo(row, recognizer.classes, found.times, found.unit, shares, faces)


def gather_evidence(recognizer: ReadyRecognizer, clip: Clip) -> Evidence:
    """What the recognizer tells of a clip, and how it labels parts of it.

    Parts are each frame as a still, or, of a recognizer over time, the clip up to each frame; and
    the clip without audio or without images, where it goes by both.
    """
    places = clip.positions or tuple(range(len(clip.frames)))
    scored = range(len(places)) if clip.scored is None else clip.scored
    times = np.array([places[k] for k in scored], np.float64) / (clip.fps or 1.0)
    shares = {name: _shares(scores) for name, scores in recognizer.courses(clip).items()}
    modality = recognizer.method.traits["modality"]
    if modality == "image":
        shares |= {"each frame alone": _shares(recognizer.predict(_stills(clip)))}
    elif modality in ("video", "audio_video"):
        shares |= {"clip up to this moment": _shares(recognizer.predict(_beginnings(clip)))}
    if modality == "audio_video" and clip.audio is not None:
        dull = np.broadcast_to(np.uint8(clip.frames.mean()), clip.frames.shape).copy()
        silent = replace(clip, audio=None, sample_rate=None)
        blind = replace(clip, frames=dull)
        shares |= {"without audio": _shares(recognizer.predict([silent])),
                   "without images (uniform grey)": _shares(recognizer.predict([blind]))}
    return Evidence(times, "seconds" if clip.fps else "frame", shares)


def _stills(clip: Clip) -> list[Clip]:
    return [
        replace(clip, id=f"{clip.id}.{k}", frames=frame[None].copy(), audio=None, positions=None,
                sample_rate=None, length=None, scored=None)
        for k, frame in enumerate(clip.scored_frames())
    ]  # fmt: skip


def _beginnings(clip: Clip) -> list[Clip]:
    """The clip cut off after each of its scored frames, its audio as well."""
    frames = clip.scored_frames()
    samples = 0 if clip.audio is None else len(clip.audio)
    return [
        replace(
            clip, id=f"{clip.id}.{k}", frames=frames[:k].copy(), positions=None, length=None,
            scored=None,
            audio=None if clip.audio is None else clip.audio[: samples * k // len(frames)].copy(),
        )
        for k in range(1, len(frames) + 1)
    ]  # fmt: skip


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    p = np.exp(scores.astype(np.float64))
    shares: NDArray[np.float64] = p / p.sum(axis=1, keepdims=True)
    return shares
