"""Clips cut out of a user's images by the rules of a setting, with faces that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip, Face, FaceQuery, Item
from irfer_bench.data.frame_rules import choose_scored
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.orchestration.prediction.media import VideoFrames
from irfer_bench.orchestration.prediction.rules import ImageRules


def cut_face(
    image: NDArray[np.uint8], face: Face | None, name: str, images: ImageRules, *, exact: bool
) -> Clip:
    """A still around a face, as preparation makes it; without a face, of the centre square.

    Args:
        exact: the face is the square that is cut out.
    """
    rules = msgspec.structs.replace(images.rules, frames="all", stored="", no_face="whole")
    item = Item(name, None, None, images.spectrum)
    shown = _Shown(image[None], images.spectrum)
    (clip,) = prepare(shown, None, [item], rules, detector=_Known([face], exact))  # type: ignore[arg-type]
    return replace(clip, id=name, positions=None)


def cut_clip(
    video: VideoFrames,
    faces: Sequence[Face | None],
    name: str,
    images: ImageRules,
    *,
    exact: bool,
) -> Clip | None:
    """The clip of a video's chosen frames; None where no frame is left.

    Where the setting scores single frames, each frame is cut around its own face and frames
    without one are left out by the policy `drop`; else one square holds the faces of all frames.
    """
    count = len(video.frames)
    item = Item(name, None, None, images.spectrum, frames=count)
    every = msgspec.structs.replace(images.rules, frames="all", stored="")
    shown = _Shown(video.frames, images.spectrum, video.fps)
    made = list(prepare(shown, None, [item], every, detector=_Known(faces, exact)))  # type: ignore[arg-type]
    if not made:
        return None
    places = tuple(video.positions[p] for clip in made for p in clip.positions or ())
    clip = replace(
        made[0], id=name, frames=np.concatenate([each.frames for each in made]),
        landmarks=None, positions=places, length=video.length, fps=video.fps,
        audio=video.audio, sample_rate=video.sample_rate,
    )  # fmt: skip
    rules = images.rules
    if not rules.stored:
        return clip
    return replace(clip, scored=choose_scored(rules.frames, places, video.length))


@dataclass(frozen=True)
class _Shown:
    """Frames in memory, with the surface of a dataset."""

    frames: NDArray[np.uint8]
    spectrum: str
    fps: float | None = None

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        chosen = self.frames if frames is None else self.frames[list(frames)]
        return Clip(item.id, chosen, item.spectrum, fps=self.fps)


@dataclass(frozen=True)
class _Known:
    """Faces that were found before, with the surface of a detector."""

    faces: Sequence[Face | None]
    exact: bool
    looks: bool = True

    def find(self, query: FaceQuery) -> Sequence[Face | None]:
        return [self.faces[position] for position in query.positions]
