"""Small masked autoencoders of images and of spectrograms.

He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022: most patches are left out,
an encoder sees the others, a small decoder predicts the missing ones. With x_p the pixels of patch
p, mu_p and sigma_p their mean and deviation, y_p the prediction, and M the patches left out,

    L = mean_{p in M} || y_p - (x_p - mu_p) / sigma_p ||^2 / dim

Huang et al., "Masked Autoencoders that Listen", NeurIPS 2022, do the same on spectrograms, with a
decoder whose attention is local: windows of 4 x 4 patches, moved by 2 in time in every second block
and without the class token. Names are those of both public codes, so that an encoder made here has
the layout of the published ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from timm.layers import PatchEmbed
from timm.models.vision_transformer import Block
from torch import Tensor, nn

DECODER = ("decoder_", "mask_token")
"""Beginnings of the names that belong to the decoder."""
WINDOW, SHIFT = 4, 2
EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class MAEShape:
    """Shape of an autoencoder.

    Args:
        size: (height, width) of the input; of a spectrogram time comes first.
        local: the decoder attends within windows, as AudioMAE's.
    """

    size: tuple[int, int]
    channels: int
    masked: float
    local: bool = False
    patch: int = 8
    width: int = 96
    depth: int = 6
    heads: int = 4
    decoder_width: int = 48
    decoder_depth: int = 2
    decoder_heads: int = 4


FACE = MAEShape((64, 64), 3, masked=0.5, decoder_depth=1)
AUDIO = MAEShape((256, 64), 1, masked=0.8, local=True, decoder_width=32)


class MaskedAutoencoder(nn.Module):
    """Encoder and decoder; takes (N, channels, height, width)."""

    def __init__(self, shape: MAEShape) -> None:
        super().__init__()
        self.shape, width = shape, shape.width
        narrow, norm = shape.decoder_width, partial(nn.LayerNorm, eps=EPSILON)
        self.patch_embed = PatchEmbed(shape.size, shape.patch, shape.channels, width)
        self.grid: tuple[int, int] = self.patch_embed.grid_size
        self.cls_token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(place(self.grid, width), requires_grad=False)
        self.blocks = nn.Sequential(
            *(Block(width, shape.heads, qkv_bias=True, norm_layer=norm) for _ in range(shape.depth))
        )
        self.norm = norm(width)
        self.decoder_embed = nn.Linear(width, narrow)
        self.mask_token = nn.Parameter(0.02 * torch.randn(1, 1, narrow))
        self.decoder_pos_embed = nn.Parameter(place(self.grid, narrow), requires_grad=False)
        self.decoder_blocks = nn.ModuleList(
            Block(narrow, shape.decoder_heads, qkv_bias=True, norm_layer=norm)
            for _ in range(shape.decoder_depth)
        )
        self.decoder_norm = norm(narrow)
        self.decoder_pred = nn.Linear(narrow, shape.patch**2 * shape.channels)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.data.flatten(1))
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The loss L of a random choice of patches for each example."""
        patches = self.grid[0] * self.grid[1]
        kept = int(patches * (1 - self.shape.masked))
        order = torch.rand(len(x), patches, generator=generator).argsort(dim=1)
        seen, hidden = order[:, :kept], order[:, kept:]
        predicted = _take(self.decode(self.encode(x, seen), order), hidden)
        target = _take(self.patches(x), hidden)
        mean, variance = target.mean(-1, keepdim=True), target.var(-1, keepdim=True)
        return (predicted - (target - mean) / (variance + EPSILON).sqrt()).square().mean()

    def encode(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """(N, 1 + patches, width): the class token and all patches, or those of (N, kept)."""
        tokens = self.patch_embed(x) + self.pos_embed[:, 1:]
        if seen is not None:
            tokens = _take(tokens, seen)
        cls = (self.cls_token + self.pos_embed[:, :1]).expand(len(x), -1, -1)
        encoded: Tensor = self.norm(self.blocks(torch.cat([cls, tokens], dim=1)))
        return encoded

    def decode(self, encoded: Tensor, order: Tensor) -> Tensor:
        """(N, patches, pixels of a patch) predicted for every patch, in reading order."""
        tokens = self.decoder_embed(encoded)
        absent = order.shape[1] + 1 - tokens.shape[1]
        mask = self.mask_token.expand(len(tokens), absent, -1)
        shuffled = torch.cat([tokens[:, 1:], mask], dim=1)
        every = torch.cat([tokens[:, :1], _take(shuffled, order.argsort(dim=1))], dim=1)
        every = every + self.decoder_pos_embed
        if self.shape.local:
            every = every[:, 1:]
            for i, block in enumerate(self.decoder_blocks):
                every = attend_locally(block, every, self.grid, shifted=i % 2 == 1)
        else:
            for block in self.decoder_blocks:
                every = block(every)
            every = every[:, 1:]
        predicted: Tensor = self.decoder_pred(self.decoder_norm(every))
        return predicted

    def patches(self, x: Tensor) -> Tensor:
        """(N, patches, pixels of a patch): rows, columns and channels of each."""
        p, (rows, columns) = self.shape.patch, self.grid
        cut = x.reshape(len(x), -1, rows, p, columns, p)
        return cut.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)

    def encoder_state(self) -> dict[str, Tensor]:
        """The tensors of the encoder, under the names of the published checkpoints."""
        return {k: v for k, v in self.state_dict().items() if not k.startswith(DECODER)}


def attend_locally(
    block: nn.Module, tokens: Tensor, grid: tuple[int, int], *, shifted: bool
) -> Tensor:
    """Apply a block within windows of 4 x 4 patches; (N, patches, width) in and out.

    Shifted windows begin 2 rows later; the 2 rows before the first and behind the last one are
    windows of their own.
    """
    x = tokens.reshape(len(tokens), *grid, -1)
    if not shifted:
        return _within(block, x, WINDOW).flatten(1, 2)
    first, middle, last = x[:, :SHIFT], x[:, SHIFT:-SHIFT], x[:, -SHIFT:]
    parts = [_within(block, part, rows)
             for part, rows in ((first, SHIFT), (middle, WINDOW), (last, SHIFT))]
    return torch.cat(parts, dim=1).flatten(1, 2)


def place(grid: tuple[int, int], width: int) -> Tensor:
    """(1, 1 + patches, width) sines and cosines of column and row; 0 for the class token."""
    row, column = torch.meshgrid(*(torch.arange(n) for n in grid), indexing="ij")
    frequency = 10_000.0 ** (-torch.arange(width // 4) / (width // 4))
    angles = [at.flatten()[:, None] * frequency for at in (column, row)]
    waves = torch.cat([wave for angle in angles for wave in (angle.sin(), angle.cos())], dim=1)
    return torch.cat([torch.zeros(1, width), waves])[None]


def _within(block: nn.Module, x: Tensor, rows: int) -> Tensor:
    """Apply a block to windows of `rows` x 4 of (N, height, width, features)."""
    n, height, width, features = x.shape
    cut = x.reshape(n, height // rows, rows, width // WINDOW, WINDOW, features).transpose(2, 3)
    done = block(cut.reshape(-1, rows * WINDOW, features)).reshape(cut.shape)
    joined: Tensor = done.transpose(2, 3).reshape(x.shape)
    return joined


def _take(tokens: Tensor, index: Tensor) -> Tensor:
    """The tokens (N, L, D) at (N, K)."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[2]))
