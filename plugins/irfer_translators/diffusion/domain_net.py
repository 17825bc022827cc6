"""EGSDE's domain-specific extractor: the features of a classifier of noised images' domains.

Zhao et al., EGSDE, NeurIPS 2022. As in the published models the network is the encoder half of an
ADM U-Net, as guided-diffusion's classifiers are; the feature is the output of its middle block,
8 x 8 positions at every image size: E_s is a mean over them, and lambda_s presumes their number.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import UsageError
from irfer_translators.diffusion.unet import NetPreset, unet

GRID = 8
NETS = {
    "adm_128": NetPreset((128, 128, 256, 256, 512, 512), 2, (32, 16, 8)),
    "adm_64": NetPreset((64, 64, 128, 128, 256, 256), 2, (32, 16, 8)),
    "mini": NetPreset((48, 96), 1, family="plain"),
}
"""Full size (EGSDE's 53.6 M parameters), half the width, and one for a laptop."""


class DomainNet(nn.Module):
    """The encoder half of a U-Net, called as net(x, t), and the head that only training uses."""

    def __init__(self, preset: NetPreset, side: int) -> None:
        super().__init__()
        whole: Any = unet(preset, side, 3 * preset.unshuffle**2, 3)
        self.unshuffle = preset.unshuffle
        self.time_proj, self.time_embedding = whole.time_proj, whole.time_embedding
        self.conv_in, self.down_blocks = whole.conv_in, whole.down_blocks
        self.mid_block = whole.mid_block
        positions = (side // 2 ** (len(preset.channels) - 1)) ** 2
        self.head = DomainHead(preset.channels[-1], positions, preset.head_width)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, 3, S, S) noised images and (B,) levels -> (B, C, 8, 8)."""
        emb = self.time_embedding(self.time_proj(t))
        y: Tensor = self.conv_in(nnf.pixel_unshuffle(x, self.unshuffle))
        for block in self.down_blocks:
            y, _ = block(hidden_states=y, temb=emb)
        middle: Tensor = self.mid_block(y, emb)
        return middle

    def classify(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, 2) logits: 0 for the source domain, 1 for the target domain."""
        logits: Tensor = self.head(self(x, t))
        return logits


class DomainHead(nn.Module):
    """Attention of the mean feature to all positions, as in the published classifier."""

    def __init__(self, channels: int, positions: int, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(math.gcd(32, channels), channels)
        self.place = nn.Parameter(torch.randn(positions + 1, channels) / channels**0.5)
        self.attention = nn.MultiheadAttention(
            channels, max(1, channels // width), batch_first=True
        )
        self.out = nn.Linear(channels, 2)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, 2)."""
        y = nnf.silu(self.norm(features)).flatten(2).mT
        tokens = torch.cat([y.mean(1, keepdim=True), y], 1) + self.place
        pooled = self.attention(tokens[:, :1], tokens, tokens, need_weights=False)[0]
        logits: Tensor = self.out(pooled[:, 0])
        return logits


def build_domain_net(name: str, size: int) -> DomainNet:
    """The named network for square images, ending on 8 x 8 positions.

    Raises:
        UsageError: the size does not lead to 8 x 8 positions.
    """
    preset, side = shape(name, size)
    return DomainNet(preset, side)


def shape(name: str, size: int) -> tuple[NetPreset, int]:
    """The preset cut to as many levels as lead from the size to 8 x 8, and its input's side.

    Raises:
        UsageError: the size does not lead there.
    """
    preset = NETS[name]
    if name == "mini":
        if size % (2 * GRID):
            raise UsageError(
                f"domain net 'mini' needs an image size divisible by {2 * GRID}, got {size}",
                "choose another size",
            )
        return replace(preset, unshuffle=size // (2 * GRID)), 2 * GRID
    levels = round(math.log2(size / GRID)) + 1
    if size != GRID * 2 ** (levels - 1) or not 2 <= levels <= len(preset.channels):
        largest = GRID * 2 ** (len(preset.channels) - 1)
        raise UsageError(
            f"domain net {name!r} needs an image size of 16, 32, 64 ... {largest}, got {size}",
            "choose another size, or -p egsde.dse_net=mini",
        )
    return replace(preset, channels=preset.channels[:levels]), size
