"""The frozen encoder of a masked autoencoder, with learned tokens and positions beside it.

He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022; timm's layers and names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial

import torch
from timm.layers import PatchEmbed
from timm.models.vision_transformer import Block
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_dynamic.encoder_params import EncoderShape


class MAEEncoder(nn.Module):
    """A ViT with exact GELU whose blocks a caller applies one by one.

    Patch embedding, class token, blocks and the last norm are frozen; positions are trained, and so
    are the learned tokens, which stand behind the patches.

    Args:
        size: (height, width) of the input; of a spectrogram time comes first.
        channels: of the input.
        tokens: learned tokens put in before the first block.
        updates: how many times some of them are added to between blocks (progressive prompts).
        spread: standard deviation of the initial positions of learned tokens.
        drop_path: stochastic depth of the last block, rising linearly from 0; in training alone.
    """

    def __init__(
        self,
        shape: EncoderShape,
        size: tuple[int, int],
        channels: int,
        *,
        tokens: int = 0,
        updates: int = 0,
        spread: float = 1.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        width, depth = shape.width, shape.depth
        norm = partial(nn.LayerNorm, eps=1e-6)
        rates = [drop_path * i / max(1, depth - 1) for i in range(depth)]
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.patch_embed = PatchEmbed(size, shape.patch, channels, width)
        self.blocks = nn.ModuleList(
            Block(width, shape.heads, qkv_bias=True, norm_layer=norm, drop_path=rate)
            for rate in rates
        )
        self.norm = norm(width)
        self.requires_grad_(False)
        patches = self.patch_embed.num_patches
        self.grid: tuple[int, int] = self.patch_embed.grid_size
        self.first = 1 + patches
        """Place of the first learned token."""
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + patches + tokens, width))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        if tokens:
            nn.init.normal_(self.pos_embed.data[:, self.first :], std=spread)
        self.prompts = nn.Parameter(torch.randn(tokens, width) * width**-0.5)
        each = tokens // updates if updates else 0
        self.progressive = nn.ParameterList(
            nn.Parameter(torch.randn(each, width) * width**-0.5) for _ in range(updates)
        )
        self.period = depth // updates if updates else 0

    def embed(self, x: Tensor) -> Tensor:
        """(B, channels, height, width) to (B, 1 + patches + tokens, width)."""
        patches = self.patch_embed(x)
        rows = (len(patches), -1, -1)
        cls, prompts = self.cls_token.expand(*rows), self.prompts.expand(*rows)
        joined = torch.cat([cls.to(patches.dtype), patches, prompts.to(patches.dtype)], dim=1)
        return joined + self.pos_embed

    def update(self, i: int, x: Tensor) -> Tensor:
        """Add the progressive prompts that belong behind block i to their tokens, if there are.

        Update j comes behind block j * period and goes to tokens j n .. (j + 1) n; behind the last
        block it would reach nothing. The tensor is changed in place: nothing before it needs its
        old values for a gradient.
        """
        if self.period and i % self.period == 0 and i + 1 < len(self.blocks):
            added = self.progressive[i // self.period]
            start = self.first + i // self.period * len(added)
            x[:, start : start + len(added)] += added
        return x

    def encode(self, x: Tensor) -> Tensor:
        """(B, width): the class token behind the last norm, of the plain encoder."""
        x = self.embed(x)
        for i, block in enumerate(self.blocks):
            x = self.update(i, block(x))
        cls: Tensor = self.norm(x[:, 0])
        return cls


class EncoderNetwork(nn.Module, ABC):
    """Frozen encoders, and what is trained; see `MMADFER`."""

    classifier: nn.Linear

    @abstractmethod
    def features(self, frames: Tensor, audio: Tensor) -> Tensor:
        """(B, width): what the classifier is given."""

    def forward(self, frames: Tensor, audio: Tensor) -> Tensor:
        """(B, classes) logits."""
        logits: Tensor = self.classifier(self.features(frames, audio))
        return logits


def resize_positions(positions: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """(1, 1 + rows x columns, width) of one grid of patches to those of another.

    The class token's stays; the grid is resized bicubically, without antialiasing, as MMA-DFER's
    public code does.
    """
    if old == new:
        return positions
    grid = positions[:, 1:].reshape(1, *old, -1).permute(0, 3, 1, 2).float()
    resized = F.interpolate(grid, new, mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], resized.flatten(2).transpose(1, 2)], dim=1)
