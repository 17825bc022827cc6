"""Exponential moving averages of a network's weights."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn


def averaging(net: nn.Module, decay: float) -> tuple[nn.Module, Callable[[int], None]]:
    """Exponentially averaged weights of `net`, and the update to call after each step.

    The decay begins at (1 + step) / (10 + step), so that the influence of the random initial
    weights vanishes. Integer buffers are copied.
    """
    averaged = copy.deepcopy(net).requires_grad_(False)

    @torch.no_grad()
    def update(step: int) -> None:
        kept = min(decay, (1 + step) / (10 + step))
        own = list(averaged.state_dict().values())
        new = list(net.state_dict().values())
        for a, b in zip(own, new, strict=True):
            a.lerp_(b, 1 - kept) if a.is_floating_point() else a.copy_(b)

    return averaged, update
