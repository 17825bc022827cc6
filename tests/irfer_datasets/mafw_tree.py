"""MAFW as distributed, cut to a few dozen drawn clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from irfer_bench.contracts.component import CLASSES
from irfer_bench.testing.faces import make_clip
from irfer_datasets.mafw.lists import COMPOUND, NUMBERED
from tests.irfer_datasets.movies import movie

FRAMES = 4
SINGLE = {19 + 3 * k: label for k, label in enumerate((*CLASSES, *CLASSES))}
"""Label by clip: two clips of each of the eleven classes."""
JOINED = {19 + 3 * k: label for k, label in enumerate((*COMPOUND, *COMPOUND))}
"""The same films and more with two of each of 43 classes, in other folds."""


def fold_of(clip: int, labels: Mapping[int, str]) -> int:
    """Both sets deal their clips out, in other orders."""
    place = sorted(labels).index(clip)
    return (place if labels is SINGLE else 3 * place + 1) % 5 + 1


def pixels(clip: int, frames: int = FRAMES) -> Sequence[Any]:
    """Drawn frames, wider than high: whole scenes."""
    face = make_clip(clip % 12, "happiness", "vis", frames=frames).frames
    return [np.pad(frame, ((0, 0), (16, 16), (0, 0)), mode="edge") for frame in face]


def write_lists(
    base: Path,
    labels: Mapping[int, str] = SINGLE,
    *,
    folder: str = "Train & Test Set",
    captions: bool = False,
) -> None:
    """`00025.mp4 anger`, or four tab-separated columns in GB18030 that leave out neutral."""
    kind = "single" if labels is SINGLE else "compound"
    style = "with_caption" if captions else "no_caption"
    for fold in range(1, 6):
        for side in ("train", "test"):
            rows = [
                f"{clip:05d}.mp4\t{label}\t一个女人说话\tA woman talks" if captions
                else f"{clip:05d}.mp4 {label}"
                for clip, label in labels.items()
                if (fold_of(clip, labels) == fold) == (side == "test")
                and not (captions and label == "neutral")
            ]  # fmt: skip
            path = base / folder / kind / style / f"set_{fold}" / f"{side}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes("".join(f"{row}\r\n" for row in rows).encode("gb18030"))


def write_numbered(base: Path, suffix: str = "", frames: int = FRAMES) -> None:
    """`path n label` with integers, no last newline: annotation/MAFW_set_1_test.txt."""
    (base / "annotation").mkdir(exist_ok=True)
    for fold in range(1, 6):
        for side in ("train", "test"):
            rows = [
                f"/data/MAFW/data/faces/{clip:05d} {frames} {NUMBERED.index(label)}"
                for clip, label in SINGLE.items()
                if (fold_of(clip, SINGLE) == fold) == (side == "test")
            ]
            path = base / "annotation" / f"MAFW_set_{fold}_{side}{suffix}.txt"
            path.write_text("\n".join(rows))


def write_films(base: Path, clips: Sequence[int] = tuple(SINGLE)) -> None:
    """data/clips/00025.mp4, every other one with sound."""
    for clip in clips:
        audio = "aac" if clip % 2 else ""
        movie(base / f"data/clips/{clip:05d}.mp4", FRAMES, images=pixels(clip), audio=audio)


def write_frames(base: Path, clips: Sequence[int] = tuple(SINGLE), suffix: str = "png") -> None:
    """data/frames/00025/<frame>.png, unpadded."""
    for clip in clips:
        folder = base / f"data/frames/{clip:05d}"
        folder.mkdir(parents=True)
        for number, frame in enumerate(pixels(clip, 11 if clip == 19 else FRAMES)):
            Image.fromarray(frame).save(folder / f"{number}.{suffix}")


def write_mafw(root: Path) -> None:
    """The single-label set: lists and films."""
    write_lists(root)
    write_films(root)


def write_mafw_compound(root: Path) -> None:
    """The compound set alone: lists and films."""
    write_lists(root, JOINED)
    write_films(root, tuple(JOINED))
