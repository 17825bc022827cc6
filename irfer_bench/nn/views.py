"""Views of images: centre crops for evaluation, random crops and flips for training.

Random views draw from an explicit generator. `RandomView` draws what torchvision's
RandomResizedCrop and RandomHorizontalFlip draw, and resamples in one of two ways: `of_frames` cuts
each image out of its original pixels (bicubic, antialiased), image after image in torchvision's
order of draws; `of_tensors` draws for the whole batch and resamples it at once (bilinear).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as V

BICUBIC = InterpolationMode.BICUBIC
TRIES = 10
"""Rectangles drawn before the whole image, or its centre, is taken instead."""


def centre_view(frames: Sequence[Any], size: int) -> Tensor:
    """(H, W, 3) uint8 images to (B, 3, size, size) uint8: short side resized, centre cropped."""
    if len({frame.shape for frame in frames}) > 1:
        return torch.cat([centre_view([frame], size) for frame in frames])
    x = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)
    if min(x.shape[-2:]) != size:
        x = V.resize(x, [size], interpolation=BICUBIC, antialias=True)
    cropped: Tensor = V.center_crop(x, [size, size])
    return cropped.contiguous()


@dataclass(frozen=True, slots=True)
class RandomView:
    """A random crop resized to `size`, and a horizontal flip.

    Args:
        area: range of the crop's share of the image. ratio: range of its width over height.
        flip: probability of the mirrored image.
    """

    size: int
    area: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5

    def of_frames(self, frames: Sequence[Any], generator: Generator) -> Tensor:
        """(H, W, 3) uint8 images of any size to (B, 3, size, size) uint8."""
        return torch.stack([self._of_frame(frame, generator) for frame in frames])

    def of_tensors(self, x: Tensor, generator: Generator) -> Tensor:
        """(B, C, size, size) floats to the same shape; the border is repeated where needed."""
        height, width, top, left = draw_rectangles(len(x), self.area, self.ratio, generator)
        sign = 1 - 2 * (torch.rand(len(x), generator=generator) < self.flip).float()
        theta = torch.zeros(len(x), 2, 3)
        theta[:, 0, 0], theta[:, 0, 2] = width * sign, 2 * left + width - 1
        theta[:, 1, 1], theta[:, 1, 2] = height, 2 * top + height - 1
        shape = [len(x), x.shape[1], self.size, self.size]
        grid = F.affine_grid(theta.to(x.device), shape, align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)

    def _of_frame(self, frame: Any, generator: Generator) -> Tensor:
        x = torch.from_numpy(np.array(frame)).permute(2, 0, 1)
        top, left, height, width = self._rectangle(x.shape[1], x.shape[2], generator)
        cut = x[:, top : top + height, left : left + width]
        view: Tensor = V.resize(cut, [self.size, self.size], interpolation=BICUBIC, antialias=True)
        return view.flip(-1) if torch.rand((), generator=generator) < self.flip else view

    def _rectangle(self, rows: int, columns: int, generator: Generator) -> tuple[int, ...]:
        """Top, left, height and width in pixels, drawn in torchvision's order."""
        low, high = torch.log(torch.tensor(self.ratio)).tolist()
        for _ in range(TRIES):
            area = rows * columns * _uniform(*self.area, generator)
            aspect = float(torch.exp(torch.tensor(_uniform(low, high, generator))))
            width, height = round(sqrt(area * aspect)), round(sqrt(area / aspect))
            if 0 < width <= columns and 0 < height <= rows:
                top = int(torch.randint(rows - height + 1, (1,), generator=generator))
                left = int(torch.randint(columns - width + 1, (1,), generator=generator))
                return top, left, height, width
        # The largest centred rectangle of an allowed shape.
        aspect = min(max(columns / rows, self.ratio[0]), self.ratio[1])
        width = min(columns, round(rows * aspect))
        height = min(rows, round(columns / aspect))
        return (rows - height) // 2, (columns - width) // 2, height, width


def erase(x: Tensor, probability: float, generator: Generator) -> Tensor:
    """(B, C, H, W) with a rectangle of 2 to 33 % of some images set to 0 (RandomErasing)."""
    height, width, top, left = draw_rectangles(len(x), (0.02, 0.33), (0.3, 3.3), generator)
    chosen = torch.rand(len(x), generator=generator) < probability
    rows = (torch.arange(x.shape[2]) + 0.5) / x.shape[2]
    columns = (torch.arange(x.shape[3]) + 0.5) / x.shape[3]
    down = (rows >= top[:, None]) & (rows < (top + height)[:, None])
    across = (columns >= left[:, None]) & (columns < (left + width)[:, None])
    hole = chosen[:, None, None] & down[:, :, None] & across[:, None, :]
    return x.masked_fill(hole[:, None].to(x.device), 0.0)


def draw_rectangles(
    count: int, area: tuple[float, float], ratio: tuple[float, float], generator: Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(count,) heights, widths, tops and lefts as shares of the image: the first that fits."""
    u = torch.rand(2, count, TRIES, generator=generator)
    areas = area[0] + (area[1] - area[0]) * u[0]
    aspect = torch.exp(log(ratio[0]) + (log(ratio[1]) - log(ratio[0])) * u[1])
    width, height = (areas * aspect).sqrt(), (areas / aspect).sqrt()
    fits = (width <= 1) & (height <= 1)
    first = fits.float().argmax(1, keepdim=True)
    none = ~fits.any(1)
    width = width.gather(1, first).squeeze(1).masked_fill(none, 1.0)
    height = height.gather(1, first).squeeze(1).masked_fill(none, 1.0)
    place = torch.rand(2, count, generator=generator)
    return height, width, place[0] * (1 - height), place[1] * (1 - width)


def _uniform(low: float, high: float, generator: Generator) -> float:
    return float(torch.empty(1).uniform_(low, high, generator=generator))
