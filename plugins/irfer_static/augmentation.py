"""Random crops, flips and erasing of a whole batch at once, from one generator.

The draws are those of torchvision's RandomResizedCrop, RandomHorizontalFlip and RandomErasing;
only the loop over pictures is gone.
"""

from __future__ import annotations

from math import log

import torch
from torch import Generator, Tensor
from torch.nn import functional as nnf

TRIES = 10  # rectangles drawn before the whole picture is taken instead


def crop_and_flip(x: Tensor, area: float, flip: float, generator: Generator) -> Tensor:
    """(B, C, H, W) cut to a share of `area` to 1, aspect 3/4 to 4/3, resized back bilinearly."""
    height, width, top, left = _rectangles(len(x), (area, 1.0), (3 / 4, 4 / 3), generator)
    sign = 1 - 2 * (torch.rand(len(x), generator=generator) < flip).float()
    theta = torch.zeros(len(x), 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = width * sign, 2 * left + width - 1
    theta[:, 1, 1], theta[:, 1, 2] = height, 2 * top + height - 1
    grid = nnf.affine_grid(theta.to(x.device), list(x.shape), align_corners=False)
    return nnf.grid_sample(x, grid, padding_mode="border", align_corners=False)


def erase(x: Tensor, chance: float, generator: Generator) -> Tensor:
    """(B, C, H, W) with a rectangle of 2 to 33 % of some pictures set to 0."""
    height, width, top, left = _rectangles(len(x), (0.02, 0.33), (0.3, 3.3), generator)
    chosen = torch.rand(len(x), generator=generator) < chance
    rows = (torch.arange(x.shape[2]) + 0.5) / x.shape[2]
    columns = (torch.arange(x.shape[3]) + 0.5) / x.shape[3]
    down = (rows >= top[:, None]) & (rows < (top + height)[:, None])
    across = (columns >= left[:, None]) & (columns < (left + width)[:, None])
    hole = chosen[:, None, None] & down[:, :, None] & across[:, None, :]
    return x.masked_fill(hole[:, None].to(x.device), 0.0)


def _rectangles(
    count: int, area: tuple[float, float], ratio: tuple[float, float], generator: Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """(count,) heights, widths, tops and lefts as shares of the picture: the first that fits."""
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
