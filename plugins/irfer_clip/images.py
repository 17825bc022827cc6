"""Frames to CLIP's input: views, infrared scaling, normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Generator, Tensor

from irfer_bench.nn.frames import Frame
from irfer_bench.nn.views import RandomView, centre_view
from irfer_clip.backbone import Backbone

InfraredNorm = Literal["clip", "minmax_then_clip", "per_image_std"]
CROPS = {"clip": (0.08, 1.0), "face": (0.8, 1.0)}
"""Share of the image in a training crop: as CLIP's prompt methods have it, or gentler for faces."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """How frames become CLIP's input.

    Args:
        crop: area range of the training crop; (0.08, 1) is official, faces want (0.8, 1).
        infrared: scaling of infrared frames; visible ones always get CLIP's own.
    """

    backbone: Backbone
    crop: tuple[float, float] = CROPS["clip"]
    infrared: InfraredNorm = "clip"

    def evaluate(self, frames: Sequence[Frame]) -> Tensor:
        """Short side resized, centre cropped, normalised: (B, 3, S, S) on the device."""
        return self._finish(centre_view(_pixels(frames), self.backbone.size), frames)

    def train(self, frames: Sequence[Frame], generator: Generator) -> Tensor:
        """Random resized crop and flip, then normalised: (B, 3, S, S) on the device."""
        view = RandomView(self.backbone.size, self.crop)
        return self._finish(view.of_frames(_pixels(frames), generator), frames)

    def _finish(self, images: Tensor, frames: Sequence[Frame]) -> Tensor:
        images = images.to(self.backbone.device).float() / 255.0
        infrared = torch.tensor([frame.infrared for frame in frames], device=images.device)
        return standardize(images, infrared, self.backbone, self.infrared)


def standardize(
    images: Tensor, infrared: Tensor, backbone: Backbone, kind: InfraredNorm = "clip"
) -> Tensor:
    """(B, 3, S, S) in 0..1 to the backbone's mean and deviation; infrared ones as `kind` says."""
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


def _pixels(frames: Sequence[Frame]) -> list[Any]:
    return [frame.pixels for frame in frames]
