"""Stage 1 of the mini CLIP: an image tower that knows what a face looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from open_clip.model import CLIP
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_synth.pretrain_people import People
from irfer_synth.pretrain_views import place, view_images, view_maps
from irfer_synth.pretraining import descend

WEIGHTS = {"units": 2.0, "shape": 0.5, "words": 0.3, "maps": 1.0}
"""Of the mean squared errors, each of a standardised target."""
WARMUP, HOLD = 200, 0.6
"""Steps of warm-up; share of the steps at the full rate."""


def tower(clip: CLIP, images: Tensor) -> Tensor:
    """(B, width) class tokens before the projection."""
    return walk(clip.visual, images)[-1][:, 0]


def walk(visual: Any, images: Tensor) -> list[Tensor]:
    """(B, 1 + patches, width) tokens behind the middle block and, after `ln_post`, the last."""
    x, seen, blocks = visual._embeds(images), [], visual.transformer.resblocks
    for k, block in enumerate(blocks):
        x = block(x)
        if k == len(blocks) // 2 - 1:
            seen.append(x)
    return [*seen, visual.ln_post(x)]


class Heads(nn.Module):
    """Temporary: facts from the class token, maps of parts from the patches at two depths."""

    mean: Tensor
    std: Tensor

    def __init__(self, width: int, people: People) -> None:
        super().__init__()
        self.facts = nn.ModuleDict({
            name: nn.Linear(width, getattr(people, name).shape[1])
            for name in ("units", "shape", "words")
        })  # fmt: skip
        self.maps = nn.ModuleList(nn.Linear(width, people.maps.shape[1]) for _ in range(2))
        few = people.maps[:2000].float() / 255
        self.register_buffer("mean", few.mean((0, 2, 3)))
        self.register_buffer("std", few.std((0, 2, 3)) + 1e-2)

    def loss(self, seen: list[Tensor], people: People, chosen: Tensor, maps: Tensor) -> Tensor:
        """Weighted squared errors; `maps` (B, patches, parts + 3) are those of the same view."""
        wanted = (maps - self.mean) / self.std
        made = [F.mse_loss(head(x[:, 1:]), wanted) for head, x in zip(self.maps, seen, strict=True)]
        total = WEIGHTS["maps"] * sum(made, start=wanted.new_zeros(()))
        for name, head in self.facts.items():
            error = F.mse_loss(head(seen[-1][:, 0]), getattr(people, name)[chosen])
            total = total + WEIGHTS[name] * error
        return total


def fit_images(
    clip: CLIP,
    people: People,
    *,
    steps: int,
    batch: int,
    rate: float = 2e-3,
    after_step: Callable[[int], None] = lambda step: None,
) -> None:
    """Learn facts and maps from random views."""
    visual, size = clip.visual, clip.visual.image_size[0]
    heads, side = Heads(clip.visual.proj.shape[0], people), clip.visual.grid_size[0]
    learned = {
        f"{where}.{name}": p
        for where, module in (("visual", visual), ("heads", heads))
        for name, p in module.named_parameters()
        if name != "proj"
    }

    def loss(step: int) -> Tensor:
        chosen = torch.randint(0, len(people), (batch,))
        turn = place(batch)
        seen = walk(visual, view_images(people.images[chosen], turn, size))
        return heads.loss(seen, people, chosen, view_maps(people.maps[chosen], turn, side))

    descend("images", learned, loss, steps=steps, rate=rate, warmup=WARMUP, hold=HOLD,
            inner="resblocks", after_step=after_step)  # fmt: skip


@torch.no_grad()
def initialise(clip: CLIP, people: People) -> None:
    """Patches as whitened principal components, positions as sines and cosines of row and column,
    and attention that first looks at like tokens (Trockman and Kolter, ICML 2023).
    """
    visual, patch = clip.visual, clip.visual.conv1.kernel_size[0]
    width, side = visual.conv1.out_channels, visual.grid_size[0]
    chosen = torch.randperm(len(people))[:400]
    few = view_images(people.images[chosen], place(len(chosen)), visual.image_size[0])
    rows = F.unfold(few, patch, stride=patch).transpose(1, 2).flatten(0, 1)
    rows = rows - rows.mean(dim=0)
    variance, direction = torch.linalg.eigh(rows.T @ rows / len(rows))
    whitened = direction[:, -width:] / (variance[-width:] + 0.002 * variance[-1]).sqrt()
    mixed = whitened @ torch.linalg.qr(torch.randn(width, width)).Q
    visual.conv1.weight.copy_(0.5 * mixed.T.reshape(visual.conv1.weight.shape))
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    frequency = 100.0 ** (-torch.arange(width // 4) / (width // 4))
    angle = [at.flatten()[:, None] * frequency for at in (column, row)]
    waves = torch.cat([wave for a in angle for wave in (a.sin(), a.cos())], dim=1)
    visual.positional_embedding.copy_(torch.cat([torch.zeros(1, width), 0.7 * waves]))
    for block in visual.transformer.resblocks:
        _look_at_like_tokens(block.attn)


def _look_at_like_tokens(attention: Any) -> None:
    """W_q^T W_k near 0.7 I in each head, W_o W_v near -0.4 I, with noise of the same size."""
    width, heads = attention.embed_dim, attention.num_heads
    query, key, value = attention.in_proj_weight.chunk(3)
    each = width // heads
    for head in range(heads):
        at = slice(head * each, (head + 1) * each)
        wanted = 0.7 * torch.randn(width, width) / width**0.5 + 0.7 * torch.eye(width)
        u, s, v = torch.linalg.svd(wanted)
        root = s[:each].sqrt()[:, None]
        query[at], key[at] = root * u[:, :each].T, root * v[:each]
    u, s, v = torch.linalg.svd(
        0.4 * torch.randn(width, width) / width**0.5 - 0.4 * torch.eye(width)
    )
    attention.out_proj.weight.copy_(u * s.sqrt())
    value.copy_(s.sqrt()[:, None] * v)
