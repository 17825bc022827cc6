"""H(x, t): the time-dependent landmark heat-map network behind NFER-SDE's E_h.

The paper (Luo et al., AAAI 2024) gives equation 6 and nothing else. Chosen here: 68 Gaussians of
amplitude 1 and sigma 1 on a 64 x 64 grid, the grid of the landmark detector of Bulat and
Tzimiropoulos (ICCV 2017), learned by mean squared error on noised images of both domains.
"""

from __future__ import annotations

import math

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import UsageError
from irfer_translators.diffusion.unet import TimedUNet, zero_init

POINTS = 68
FLIPPED = (
    *range(16, -1, -1),  # jaw
    *range(26, 16, -1),  # brows
    *range(27, 31), *range(35, 30, -1),  # nose
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,  # eyes
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),  # lips
)
"""Where each of the 68 points comes from after a horizontal flip."""


class StemmedUNet(nn.Module):
    """conv7 s2 64, SiLU, conv3 s2 64, then a U-Net on a quarter of the side (17.4 M parameters)."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, stride=2, padding=3), nn.SiLU(),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),
        )
        down = ["DownBlock2D" if side // 2**k != 16 else "AttnDownBlock2D" for k in range(4)]
        self.net = UNet2DModel(
            sample_size=side, in_channels=64, out_channels=POINTS,
            block_out_channels=(64, 128, 256, 256), layers_per_block=1,
            down_block_types=tuple(down),
            up_block_types=tuple(name.replace("Down", "Up") for name in reversed(down)),
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, 3, S, S) and (B,) levels -> (B, 68, S/4, S/4)."""
        maps: Tensor = self.net(self.stem(x), t, return_dict=False)[0]
        return maps


class PriorUNet(TimedUNet):
    """A small U-Net on a quarter of the side that corrects the mean heat maps of the training set.

    Coordinates are two more input channels: convolutions alone do not know where they are, and
    learning the mean face from borders would take most of a short training.
    """

    def __init__(self, size: int) -> None:
        net = UNet2DModel(
            sample_size=size // 4, in_channels=(3 + 2) * 4**2, out_channels=POINTS * 2**2,
            block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8,
            down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2,
            add_attention=False,
        )
        super().__init__(net, unshuffle=4, shuffle=2)
        zero_init(net)
        self.prior = nn.Parameter(torch.zeros(POINTS, size // 2, size // 2))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, 3, S, S) and (B,) levels -> (B, 68, S/2, S/2)."""
        axis = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype, device=x.device)
        place = torch.stack(torch.meshgrid(axis, axis, indexing="ij"))
        seen = torch.cat([x, place.expand(len(x), -1, -1, -1)], 1)
        return self.prior + super().forward(seen, t)

    @torch.no_grad()
    def set_prior(self, maps: Tensor) -> None:
        """The mean of (N, 68, S/2, S/2) training heat maps."""
        self.prior.copy_(maps.mean(0))


def build_landmark_net(name: str, size: int) -> nn.Module:
    """`unet` (grid size / 4, so 64 at 256 px) or `mini` (grid size / 2) for square images.

    Raises:
        UsageError: the size does not fit the network's depth.
    """
    depth = 4 * 8 if name == "unet" else 4 * 2
    if size % depth:
        raise UsageError(f"landmark net {name!r} needs a size divisible by {depth}, got {size}")
    return StemmedUNet(size // 4) if name == "unet" else PriorUNet(size)


def heat_maps(points: Tensor, side: int, sigma: float = 1.0) -> Tensor:
    """(B, P, 2) positions in [0, 1] as (B, P, side, side) Gaussians of amplitude 1, not rounded.

    `sigma` is in grid pixels; a position u lies at u * side - 1/2 on the grid.
    """
    centre = points * side - 0.5
    axis = torch.arange(side, dtype=points.dtype, device=points.device)
    gx: Tensor = torch.exp(-((axis - centre[..., 0, None]) ** 2) / (2 * sigma**2))
    gy: Tensor = torch.exp(-((axis - centre[..., 1, None]) ** 2) / (2 * sigma**2))
    maps: Tensor = gy[..., :, None] * gx[..., None, :]
    return maps


def augment(
    images: Tensor, points: Tensor, generator: torch.Generator, strength: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Random flip, rotation, scale and shift of images and landmarks alike.

    Args:
        images: (B, 3, S, S). points: (B, 68, 2) in [0, 1].
        strength: multiplies the half ranges: scale and shift 0.1, rotation 15 degrees.
    """
    n = len(images)
    u = torch.rand((n, 5), generator=generator).to(images.device)
    flip = u[:, 0] < 0.5
    images = torch.where(flip[:, None, None, None], images.flip(-1), images)
    mirrored = points[:, list(FLIPPED)]
    mirrored = torch.stack([1 - mirrored[..., 0], mirrored[..., 1]], -1)
    points = torch.where(flip[:, None, None], mirrored, points)
    angle = (2 * u[:, 1] - 1) * math.radians(15.0) * strength
    factor = 1 + (2 * u[:, 2] - 1) * 0.1 * strength
    offset = (2 * u[:, 3:5] - 1) * 2 * 0.1 * strength  # in affine_grid's units the side is 2
    cos, sin = angle.cos(), angle.sin()
    rotation = torch.stack([cos, -sin, sin, cos], -1).view(n, 2, 2)
    forward = rotation * factor[:, None, None]
    moved = (2 * points - 1) @ forward.mT + offset[:, None]
    # grid_sample asks where each output pixel comes from: the inverse map.
    back = rotation.mT / factor[:, None, None]
    theta = torch.cat([back, -(back @ offset[..., None])], -1)
    grid = nnf.affine_grid(theta, list(images.shape), align_corners=False)
    warped = nnf.grid_sample(images, grid, padding_mode="border", align_corners=False)
    return warped, (moved + 1) / 2


def peaks(maps: Tensor) -> Tensor:
    """(B, P, G, G) heat maps -> (B, P, 2) peak positions in [0, 1], x then y.

    Each lies where a parabola through the logarithms of the largest cell and its two neighbours has
    its top, which is exact for a Gaussian: whole cells alone would be off by 0.4 cells on average.
    """
    side = maps.shape[-1]
    best = maps.flatten(2).argmax(-1)
    cells = torch.stack([best % side, best // side], -1)
    logs = maps.clamp_min(1e-4).log()
    rows, columns = torch.arange(len(maps))[:, None], torch.arange(maps.shape[1])
    found = []
    for axis in (0, 1):
        below, at, above = (
            logs[(rows, columns, *_moved(cells, axis, step, side))] for step in (-1, 0, 1)
        )
        bend = (2 * at - below - above).clamp_min(1e-6)
        found.append(cells[..., axis] + ((above - below) / (2 * bend)).clamp(-0.5, 0.5))
    return (torch.stack(found, -1) + 0.5) / side


def _moved(cells: Tensor, axis: int, step: int, side: int) -> tuple[Tensor, Tensor]:
    """Row and column of each cell, moved along x (0) or y (1), kept on the grid."""
    x, y = cells.unbind(-1)
    moved = (cells[..., axis] + step).clamp(0, side - 1)
    return (y, moved) if axis == 0 else (moved, x)


def normalized_error(found: Tensor, true: Tensor) -> Tensor:
    """NME per sample: mean distance over the 68 points by the distance of the outer eye corners."""
    eyes = (true[:, 36] - true[:, 45]).norm(dim=-1).clamp_min(1e-6)
    error: Tensor = (found - true).norm(dim=-1).mean(-1) / eyes
    return error
