"""SR3's U-Net (Saharia et al., TPAMI 2022) under the names of the usual unofficial code.

It differs from `diffusers.UNet2DModel`, so its blocks are spelled out: the noise level enters each
residual block as a bias without an activation before its projection, 3x3 convolutions pad on all
sides, and attention, where there is any, has one head of all channels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import UsageError


class NoiseLevel(nn.Module):
    """gamma as sines and cosines of 1e4^(-k / n) gamma, n of each."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pairs = width // 2

    def forward(self, gamma: Tensor) -> Tensor:
        """(B,) -> (B, width)."""
        k = torch.arange(self.pairs, dtype=gamma.dtype, device=gamma.device) / self.pairs
        angles = gamma[:, None] * torch.exp(-math.log(1e4) * k)
        return torch.cat([angles.sin(), angles.cos()], 1)


class Block(nn.Module):
    """GroupNorm, SiLU, dropout, 3x3 convolution."""

    def __init__(self, inputs: int, outputs: int, groups: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.GroupNorm(groups, inputs), nn.SiLU(),
            nn.Dropout(dropout) if dropout else nn.Identity(),
            nn.Conv2d(inputs, outputs, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.block(x)
        return y


class Bias(nn.Module):
    """The noise level's embedding, projected and added to every position."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.noise_func = nn.Sequential(nn.Linear(width, outputs))

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        bias: Tensor = self.noise_func(level)
        return x + bias[:, :, None, None]


class Residual(nn.Module):
    """Two blocks with the noise level between them."""

    def __init__(
        self, inputs: int, outputs: int, width: int, groups: int, dropout: float
    ) -> None:
        super().__init__()
        self.noise_func = Bias(width, outputs)
        self.block1 = Block(inputs, outputs, groups)
        self.block2 = Block(outputs, outputs, groups, dropout)
        self.res_conv = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        y: Tensor = self.block2(self.noise_func(self.block1(x), level)) + self.res_conv(x)
        return y


class Attention(nn.Module):
    """One head of all channels, added to its input; scaled by the square root of the channels."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.flatten(2).mT for part in self.qkv(self.norm(x)).chunk(3, 1))
        attended = nnf.scaled_dot_product_attention(q, k, v).mT.reshape(x.shape)
        y: Tensor = x + self.out(attended)
        return y


class ResidualAttention(nn.Module):
    """A residual block, and attention where the grid is small enough."""

    def __init__(
        self, inputs: int, outputs: int, width: int, groups: int, dropout: float, attend: bool
    ) -> None:
        super().__init__()
        self.res_block = Residual(inputs, outputs, width, groups, dropout)
        self.attn = Attention(outputs, groups) if attend else None

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        y: Tensor = self.res_block(x, level)
        return y if self.attn is None else self.attn(y)


class Down(nn.Module):
    """A convolution of stride two."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


class Up(nn.Module):
    """Every pixel twice each way, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        y: Tensor = self.conv(nnf.interpolate(x, scale_factor=2.0, mode="nearest"))
        return y


class Sr3UNet(nn.Module):
    """The network, called as net(cat([c, x], 1), gamma).

    Args:
        side: of the images. inner: channels at full size. multipliers: of them, per level.
        attention: sides of grids with attention. groups: of every GroupNorm.
    """

    def __init__(
        self, side: int, *, inputs: int = 6, outputs: int = 3, inner: int = 64,
        multipliers: tuple[int, ...] = (1, 2, 4, 8, 8), layers: int = 2,
        attention: tuple[int, ...] = (16,), groups: int = 32, dropout: float = 0.2,
    ) -> None:
        super().__init__()
        depth = 2 ** (len(multipliers) - 1)
        if side % depth:
            raise UsageError(
                f"net 'sr3' needs an image size divisible by {depth}, got {side}",
                "choose another size or another net",
            )
        self.noise_level_mlp = nn.Sequential(
            NoiseLevel(inner), nn.Linear(inner, 4 * inner), nn.SiLU(), nn.Linear(4 * inner, inner)
        )
        widths, top = [inner * m for m in multipliers], len(multipliers) - 1

        def block(inputs: int, outputs: int, attend: bool) -> ResidualAttention:
            return ResidualAttention(inputs, outputs, inner, groups, dropout, attend)

        downs: list[nn.Module] = [nn.Conv2d(inputs, inner, 3, padding=1)]
        kept, now = [inner], inner
        for level, width in enumerate(widths):
            for _ in range(layers):
                downs.append(block(now, width, side // 2**level in attention))
                now = width
                kept.append(now)
            if level < top:
                downs.append(Down(now))
                kept.append(now)
        self.downs = nn.ModuleList(downs)
        self.mid = nn.ModuleList([block(now, now, True), block(now, now, False)])
        ups: list[nn.Module] = []
        for level in range(top, -1, -1):
            for _ in range(layers + 1):
                ups.append(block(now + kept.pop(), widths[level], side // 2**level in attention))
                now = widths[level]
            if level:
                ups.append(Up(now))
        self.ups = nn.ModuleList(ups)
        self.final_conv = Block(now, outputs, groups)
        self.apply(_orthogonal)

    def forward(self, x: Tensor, gamma: Tensor) -> Tensor:
        """(B, 6, S, S) and (B,) noise levels sqrt(abar) -> (B, 3, S, S)."""
        level = self.noise_level_mlp(gamma.to(x.dtype))
        kept: list[Tensor] = []
        for layer in self.downs:
            x = layer(x) if isinstance(layer, nn.Conv2d) else layer(x, level)
            kept.append(x)
        for layer in self.mid:
            x = layer(x, level)
        for layer in self.ups:
            joined = torch.cat([x, kept.pop()], 1) if isinstance(layer, ResidualAttention) else x
            x = layer(joined, level)
        noise: Tensor = self.final_conv(x)
        return noise


def _orthogonal(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        nn.init.orthogonal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
