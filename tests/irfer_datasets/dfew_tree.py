"""DFEW as distributed, cut to fifteen drawn clips, and as loaders rearrange it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from irfer_bench.testing.faces import make_clip
from irfer_datasets.dfew.dataset import NATIVE
from tests.irfer_datasets.movies import movie

NUMBERS = {label: number for number, label in enumerate(NATIVE, start=1)}
CLIPS: dict[int, str] = {
    1: "sadness", 2: "neutral", 3: "happiness", 5: "anger", 6: "surprise", 7: "fear",
    10: "disgust", 12: "happiness", 13: "sadness", 15: "anger", 16: "neutral", 17: "fear",
    18: "surprise", 19: "disgust", 9999: "happiness",
}  # fmt: skip
"""Label by clip; holes where no face was detected or no label has a majority."""
FRAMES = 5


def fold_of(clip: int) -> int:
    """Folds follow the order of the clips: three in each."""
    return sorted(CLIPS).index(clip) // 3 + 1


def pixels(clip: int, frames: int = FRAMES) -> Sequence[Any]:
    """Drawn frames in which the expression of the clip's label grows."""
    label = CLIPS.get(clip, "happiness")
    drawn = "happiness" if label == "neutral" else label
    return list(make_clip(clip % 12, drawn, "vis", frames=frames).frames)


def write_lists(
    base: Path,
    clips: Mapping[int, str] = CLIPS,
    *,
    name: str = "EmoLabel_DataSplit/{side}(single-labeled)/set_{fold}.csv",
    first: int = 1,
    padded: bool = True,
    end: str = "\n",
    encoding: str = "utf-8",
) -> None:
    """`video_name,label` of both sides of the five folds."""
    for fold in range(1, 6):
        for side in ("train", "test"):
            rows = [
                f"{clip:05d},{NUMBERS[label] - 1 + first}"
                if padded
                else f"{clip},{NUMBERS[label] - 1 + first}"
                for clip, label in clips.items()
                if (fold_of(clip) == fold) == (side == "test")
            ]
            path = base / name.format(side=side, fold=fold)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((end.join(["video_name,label", *rows]) + end).encode(encoding))


def save_frames(folder: Path, frames: Sequence[Any], before: str = "") -> None:
    """Numbered from 1 behind `before`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames, start=1):
        Image.fromarray(np.asarray(frame)).save(folder / f"{before}{number:05d}.jpg", quality=95)


def _save(folder: Path, names: Callable[[int], str], clip: int, frames: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(pixels(clip, frames), start=1):
        Image.fromarray(np.asarray(frame)).save(folder / names(number), quality=95)


def write_frames(base: Path, source: str, clips: Sequence[int] = tuple(CLIPS)) -> None:
    """One of the official forms of the frames, or what loaders make of them."""
    for clip in clips:
        if source in ("clip_224x224", "jpg_256"):
            folder = base / "Clip" / source / f"{clip:05d}"
            _save(folder, lambda k, clip=clip: f"{clip:05d}_{k:05d}.jpg", clip, FRAMES)  # type: ignore[misc]
        elif source == "clip_224x224_16f":
            _save(base / "Clip" / source / f"{clip:05d}", lambda k: f"{k}.jpg", clip, 16)
        elif source == "data":
            _save(base / "data" / f"{clip:05d}", lambda k: f"{k:05d}.jpg", clip, FRAMES)
        elif source == "clip_224x224_avi":
            movie(base / "Clip" / source / f"{clip:05d}.avi", FRAMES, images=pixels(clip))
        else:
            path = base / "Clip" / source / f"{clip}.mp4"
            movie(path, FRAMES, images=pixels(clip), audio="aac" if clip % 2 else "")


def dfew_tree(base: Path, *sources: str) -> Path:
    """Lists, and frames in the given forms: by default the official crops and original videos."""
    write_lists(base)
    for source in sources or ("clip_224x224", "original"):
        write_frames(base, source)
    return base
