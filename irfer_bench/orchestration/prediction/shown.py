"""What figures of labels show: images with their rows, and a video frame by frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
TIMES, FACES = 16, 8
"""Times up to which a clip is labelled again, and faces that are kept of a video."""


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
        faces: (F, h, w, 3) uint8, up to 8 as they were recognised; None where none may be drawn.
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


def show_video(
    recognizer: ReadyRecognizer, clip: Clip, row: Row, keep: bool, times: Mapping[int, float]
) -> ShownVideo:
    """The evidence of a clip for its figure; some faces where they may be kept.

    Args:
        times: position of a frame in the video to its seconds; empty where unknown.
    """
    found = gather_evidence(recognizer, clip, times)
    shares = found.shares or {"whole clip": np.array([row.probabilities])}
    faces = None
    if keep:
        scored = _scored(clip)
        faces = clip.frames[[scored[k] for k in spread(len(scored), FACES)]]
    return ShownVideo(row, recognizer.classes, found.times, found.unit, shares, faces)


def gather_evidence(
    recognizer: ReadyRecognizer, clip: Clip, times: Mapping[int, float] | None = None
) -> Evidence:
    """What the recognizer tells of a clip, and how it labels parts of it.

    Parts are each frame as a still, or, of a recognizer over time, the clip up to each of at most
    16 times; and the clip without audio or without images, where it goes by both.

    Args:
        times: as in `show_video`; without them the average frame rate tells the seconds.
    """
    modality = recognizer.method.traits["modality"]
    over_time = modality in ("video", "audio_video")
    scored = _scored(clip)
    chosen = spread(len(scored), TIMES) if over_time else list(range(len(scored)))
    seconds = _seconds(clip, times or {})
    shares = {
        name: _shares(scores if len(scores) == 1 else scores[chosen])
        for name, scores in recognizer.courses(clip).items()
    }
    if modality == "image":
        shares |= {"each frame alone": _shares(recognizer.predict(_stills(clip)))}
    elif over_time:
        parts = _beginnings(clip, chosen, seconds)
        shares |= {"clip up to this time": _shares(recognizer.predict(parts))}
    if modality == "audio_video" and clip.audio is not None:
        dull = np.broadcast_to(np.uint8(clip.frames.mean()), clip.frames.shape).copy()
        silent = replace(clip, audio=None, sample_rate=None)
        blind = replace(clip, frames=dull)
        shares |= {"without audio": _shares(recognizer.predict([silent])),
                   "without images (uniform grey)": _shares(recognizer.predict([blind]))}
    known = bool(clip.fps or times)
    return Evidence(seconds[chosen], "seconds" if known else "frame", shares)


def spread(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, evenly from the first to the last."""
    return [round(float(place)) for place in np.linspace(0, count - 1, min(most, count))]


def _scored(clip: Clip) -> Sequence[int]:
    return range(len(clip.frames)) if clip.scored is None else clip.scored


def _seconds(clip: Clip, times: Mapping[int, float]) -> NDArray[np.float64]:
    """(S,) when each scored frame is shown; positions where neither times nor rate are known."""
    places = clip.positions or tuple(range(len(clip.frames)))
    rate = clip.fps or 1.0
    if not all(place in times for place in places):
        times = {place: place / rate for place in places}
    return np.array([times[places[k]] for k in _scored(clip)], np.float64)


def _stills(clip: Clip) -> list[Clip]:
    return [
        replace(clip, id=f"{clip.id}.{k}", frames=clip.frames[place : place + 1], audio=None,
                positions=None, sample_rate=None, length=None, scored=None)
        for k, place in enumerate(_scored(clip))
    ]  # fmt: skip


def _beginnings(clip: Clip, chosen: Sequence[int], seconds: NDArray[np.float64]) -> list[Clip]:
    """Views of the clip up to each chosen frame, and of its audio until the next one is shown."""
    frames = clip.scored_frames()
    return [
        replace(clip, id=f"{clip.id}.{k}", frames=frames[: k + 1], positions=None, length=None,
                scored=None, audio=_heard(clip, k, seconds))
        for k in chosen
    ]  # fmt: skip


def _heard(clip: Clip, k: int, seconds: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """The audio until the frame after scored frame k is shown; all where there is none."""
    later = seconds[seconds > seconds[k]]
    if clip.audio is None or not len(later):
        return clip.audio
    if not (clip.fps and clip.sample_rate):
        return clip.audio[: len(clip.audio) * (k + 1) // len(seconds)]
    return clip.audio[: round(float(later[0]) * clip.sample_rate)]


def _shares(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    p = np.exp(scores.astype(np.float64))
    shares: NDArray[np.float64] = p / p.sum(axis=1, keepdims=True)
    return shares
