"""Adversarial losses and the pool of former fakes."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

Adversarial = Literal["lsgan", "vanilla"]


def adversarial(logits: Tensor, real: bool, mode: Adversarial = "lsgan") -> Tensor:
    """How far a discriminator's logits are from calling all of them real, or fake.

    `lsgan` is the squared distance to 1 or 0, `vanilla` the binary cross entropy.
    """
    logits = logits.float()
    aim = torch.ones_like(logits) if real else torch.zeros_like(logits)
    if mode == "lsgan":
        return nnf.mse_loss(logits, aim)
    return nnf.binary_cross_entropy_with_logits(logits, aim)


def l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference, in float32 whatever precision a network ran in."""
    return nnf.l1_loss(a.float(), b.float())


class ImagePool(nn.Module):
    """The last fakes of a generator (CycleGAN, section 4).

    A module, so that checkpoints keep it. An empty pool returns what it is given.
    """

    images: Tensor

    def __init__(self, size: int, side: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.zeros(size, 3, side, side))

    @torch.no_grad()
    def query(self, fakes: Tensor, seen: int) -> Tensor:
        """Keep fakes (B, 3, S, S); each one, or with probability 1/2 a former one, is returned.

        Args:
            seen: fakes that were given before. Until the pool is full all are kept and returned.
        """
        if self.size == 0:
            return fakes.detach()
        chosen = fakes.detach().clone()
        swaps, places = torch.rand(len(fakes)).tolist(), torch.randint(self.size, (len(fakes),))
        for k, (swap, place) in enumerate(zip(swaps, places.tolist(), strict=True)):
            if seen + k < self.size:
                self.images[seen + k] = fakes[k]
            elif swap > 0.5:
                chosen[k] = self.images[place]
                self.images[place] = fakes[k]
        return chosen
