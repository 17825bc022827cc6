"""Views of clips: what is drawn is drawn once per clip and done to all of its frames alike.

The augmentation of DFER-CLIP's and MMA-DFER's public code: brightness, rotation, a random resized
crop and a mirror image. Pixels stay in 0..1, without a mean or deviation taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as V

from irfer_bench.errors import ContractError

TRIES = 10
BILINEAR = InterpolationMode.BILINEAR


@dataclass(frozen=True, slots=True)
class ClipView:
    """How the frames of one clip become input: (T, H, W, 3) uint8 to (T, 3, size, size) in 0..1.

    Args:
        area: range of the crop's share of the image; (1, 1) takes the whole.
        ratio: range of the crop's width over height, drawn evenly; the two are swapped half of
            the time, as in the public code.
        flip: probability of the mirrored clip.
        brightness: b; pixels are multiplied by a factor from [1 - b, 1 + b] and clipped.
        rotation: largest angle in degrees; corners become black.
    """

    size: int
    area: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5
    brightness: float = 0.0
    rotation: float = 0.0

    def evaluate(self, frames: Any) -> Tensor:
        """The whole frames, resized to a square whatever their aspect."""
        return self._resize(_tensor(frames))

    def train(self, frames: Any, generator: Generator) -> Tensor:
        """The same with one draw of everything for all frames."""
        x = _tensor(frames)
        if self.brightness:
            factor = _uniform(max(0.0, 1 - self.brightness), 1 + self.brightness, generator)
            x = (x * factor).clamp(0, 1)
        if self.rotation:
            x = V.rotate(x, _uniform(-self.rotation, self.rotation, generator))
        if self.area != (1.0, 1.0):
            top, left, height, width = self._rectangle(x.shape[2], x.shape[3], generator)
            x = x[:, :, top : top + height, left : left + width]
        x = self._resize(x)
        return x.flip(-1) if torch.rand((), generator=generator) < self.flip else x

    def _resize(self, x: Tensor) -> Tensor:
        if tuple(x.shape[-2:]) == (self.size, self.size):
            return x
        resized: Tensor = V.resize(
            x, [self.size, self.size], interpolation=BILINEAR, antialias=True)
        return resized.clamp(0, 1)

    def _rectangle(self, rows: int, columns: int, generator: Generator) -> tuple[int, ...]:
        """Top, left, height and width; a square as high as the short side where none fits."""
        for _ in range(TRIES):
            area = rows * columns * _uniform(*self.area, generator)
            aspect = _uniform(*self.ratio, generator)
            width, height = round(sqrt(area * aspect)), round(sqrt(area / aspect))
            if torch.rand((), generator=generator) < 0.5:
                width, height = height, width
            if 0 < width <= columns and 0 < height <= rows:
                break
        else:
            width = height = min(rows, columns)
        top = int(torch.randint(rows - height + 1, (), generator=generator))
        left = int(torch.randint(columns - width + 1, (), generator=generator))
        return top, left, height, width


def _tensor(frames: Any) -> Tensor:
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3:
        raise ContractError(
            f"frames are {tuple(frames.shape)} of {frames.dtype}, not (T, H, W, 3) of uint8",
            "datasets give 16-bit and one-channel images as they are, preparation converts them",
        )
    return torch.from_numpy(np.array(frames, order="C")).permute(0, 3, 1, 2).float() / 255


def _uniform(low: float, high: float, generator: Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))
