"""Random views of drawn people, as cameras with other optics and films would have taken them.

No camera of the benchmark but the visible one is seen. The views widen what the tower takes for a
face: any mixture of the colour channels as black-and-white film makes it, tone curves, vignettes,
uneven light, blur and grain.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
GREY_SHARE = 0.6


def place(n: int) -> Tensor:
    """(n, 2, 3) random mirror, zoom and shift for `affine_grid`."""
    turn = torch.zeros(n, 2, 3)
    zoom = torch.empty(n).uniform_(0.88, 1.06)
    turn[:, 0, 0] = zoom * (torch.randint(0, 2, (n,)) * 2 - 1)
    turn[:, 1, 1] = zoom
    turn[:, :, 2] = torch.empty(n, 2).uniform_(-0.08, 0.08)
    return turn


def view_images(images: Tensor, turn: Tensor, size: int) -> Tensor:
    """(B, 3, 64, 64) uint8 to (B, 3, size, size) in CLIP's statistics, developed at random."""
    n = len(images)
    grid = F.affine_grid(turn, [n, 3, size, size], align_corners=False)
    x = F.grid_sample(images.float() / 255, grid, padding_mode="border", align_corners=False)
    return normalise(develop(x))


def view_maps(maps: Tensor, turn: Tensor, side: int) -> Tensor:
    """(B, K, 12, 12) uint8 to (B, side * side, K) in 0..1, in the places of the same view.

    The third channel from the end is the normal's x, whose sign a mirror changes.
    """
    n, k = maps.shape[:2]
    grid = F.affine_grid(turn, [n, k, 2 * side, 2 * side], align_corners=False)
    x = F.grid_sample(maps.float() / 255, grid, padding_mode="border", align_corners=False)
    x = F.avg_pool2d(x, 2).flatten(2).transpose(1, 2)
    mirrored = (turn[:, 0, 0] < 0)[:, None]
    x[..., -3] = torch.where(mirrored, 1 - x[..., -3], x[..., -3])
    return x


def develop(x: Tensor) -> Tensor:
    """(B, 3, H, W) in 0..1 as seen by a random film, lens and light."""
    n, side = len(x), x.shape[-1]
    film = torch.rand(n, 3, 3) ** 2
    # Black and white: all channels of a view share one spectral response.
    grey = (torch.rand(n) < GREY_SHARE)[:, None, None]
    film = torch.where(grey, film[:, :1].expand(-1, 3, -1), torch.eye(3) + 0.25 * film)
    x = torch.einsum("nij,njhw->nihw", film / film.sum(2, keepdim=True), x)
    x = x.clamp_min(1e-3) ** torch.empty(n, 1, 1, 1).uniform_(-0.8, 0.8).exp()
    axis = torch.linspace(-1, 1, side)
    down, across = axis[:, None], axis[None, :]
    slope = torch.empty(2, n, 1, 1, 1).uniform_(-0.35, 0.35)
    dark = torch.rand(n, 1, 1, 1) ** 2
    light = 1 + slope[0] * across + slope[1] * down - dark * 0.7 * (across**2 + down**2) / 2
    gain, lift = torch.empty(2, n, 1, 1, 1).uniform_(-0.4, 0.4)
    x = (x * light - 0.5) * (1 + gain) + 0.5 + 0.5 * lift
    soft = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = x + torch.empty(n, 1, 1, 1).uniform_(-0.3, 0.7) * (soft - x)
    grain = torch.rand(n, 1, 1, 1) ** 2 * 0.06
    return x + grain * torch.randn(n, 1, side, side)


def normalise(drawn: Tensor) -> Tensor:
    """0..1 to CLIP's statistics."""
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    return (drawn - mean) / std
