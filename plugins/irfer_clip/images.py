"""Frames to CLIP's input: crops, infrared scaling, normalisation (recognizers.md §1.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import RandomResizedCrop
from torchvision.transforms.v2 import functional as V

from irfer_bench.api import Clip, Clips
from irfer_clip.backbone import Backbone

InfraredNorm = Literal["clip", "minmax_then_clip", "per_image_std"]
FRAMES_AT_ONCE = 64
BICUBIC = InterpolationMode.BICUBIC


@dataclass(frozen=True, slots=True)
class Preparation:
    """How frames become CLIP's input.

    Args:
        crop: area range of the training crop; (0.08, 1) is official, faces want (0.8, 1).
        infrared: scaling of infrared frames; visible ones always get CLIP's own.
    """

    backbone: Backbone
    crop: tuple[float, float] = (0.08, 1.0)
    infrared: InfraredNorm = "clip"

    def evaluate(self, frames: Sequence[tuple[np.ndarray, bool]]) -> Tensor:
        """Resize the short side, crop the centre, normalise: (H, W, 3) uint8 to (B, 3, S, S)."""
        size = self.backbone.size
        return self._stack(frames, lambda x: V.center_crop(_resize(x, size), [size, size]))

    def train(self, frames: Sequence[tuple[np.ndarray, bool]]) -> Tensor:
        """Random resized crop and flip, from torch's global generator, then normalise."""
        size = self.backbone.size
        crop = RandomResizedCrop(
            [size, size],
            scale=self.crop,
            ratio=(3 / 4, 4 / 3),
            interpolation=BICUBIC,
            antialias=True,
        )

        def view(x: Tensor) -> Tensor:
            cropped: Tensor = crop(x)
            return cropped.flip(-1) if torch.rand(()) < 0.5 else cropped

        return self._stack(frames, view)

    def _stack(self, frames: Sequence[tuple[np.ndarray, bool]], view: object) -> Tensor:
        assert callable(view)
        images = torch.stack([view(_tensor(frame)) for frame, _ in frames]).to(self.backbone.device)
        infrared = torch.tensor([ir for _, ir in frames], device=images.device)
        return normalise(images.float() / 255.0, infrared, self.backbone, self.infrared)


def normalise(
    images: Tensor, infrared: Tensor, backbone: Backbone, kind: InfraredNorm = "clip"
) -> Tensor:
    """(B, 3, S, S) in 0..1 to the backbone's statistics; infrared ones as `kind` says."""
    mean, std = (images.new_tensor(x)[:, None, None] for x in (backbone.mean, backbone.std))
    usual = (images - mean) / std
    if kind == "clip" or not bool(infrared.any()):
        return usual
    if kind == "minmax_then_clip":
        low, high = images.amin((1, 2, 3), True), images.amax((1, 2, 3), True)
        other = ((images - low) / (high - low).clamp_min(1e-6) - mean) / std
    else:
        level = images.mean((1, 2, 3), keepdim=True)
        other = (images - level) / images.std((1, 2, 3), keepdim=True).clamp_min(1e-6)
    return torch.where(infrared[:, None, None, None], other, usual)


class FrameTable:
    """Every frame of a collection of clips as one labelled example; reads lazily.

    Args:
        clips: any number of frames each; `labels` are columns, -1 where a clip has none.
    """

    def __init__(self, clips: Clips, classes: Sequence[str]) -> None:
        column = {name: i for i, name in enumerate(classes)}
        self.clips = clips
        self.place: list[tuple[int, int]] = []
        labels = []
        for i in range(len(clips)):
            clip = clips[i]
            label = column.get(clip.label or "", -1)
            for t in range(len(clip.frames)):
                self.place.append((i, t))
                labels.append(label)
        self.labels = torch.tensor(labels, dtype=torch.long)

    def __len__(self) -> int:
        return len(self.place)

    def frames(self, index: Sequence[int]) -> list[tuple[np.ndarray, bool]]:
        """The frames at these positions, each with whether it is infrared."""
        return [_frame(self.clips[self.place[i][0]], self.place[i][1]) for i in index]


def batches(total: int, size: int = FRAMES_AT_ONCE) -> Iterator[range]:
    """Consecutive ranges of at most `size`."""
    return (range(start, min(start + size, total)) for start in range(0, total, size))


def clip_batches(clips: Clips) -> Iterator[tuple[list[tuple[np.ndarray, bool]], list[int]]]:
    """Frames of a stream of clips, `FRAMES_AT_ONCE` at a time, with the position of their clip."""
    frames: list[tuple[np.ndarray, bool]] = []
    owners: list[int] = []
    for position, clip in enumerate(clips):
        for t in range(len(clip.frames)):
            frames.append(_frame(clip, t))
            owners.append(position)
            if len(frames) == FRAMES_AT_ONCE:
                yield frames, owners
                frames, owners = [], []
    if frames:
        yield frames, owners


def _frame(clip: Clip, t: int) -> tuple[np.ndarray, bool]:
    return clip.frames[t], clip.spectrum != "vis"


def _tensor(frame: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(frame)).permute(2, 0, 1)


def _resize(x: Tensor, size: int) -> Tensor:
    if min(x.shape[-2:]) == size:
        return x
    resized: Tensor = V.resize(x, [size], interpolation=BICUBIC, antialias=True)
    return resized
