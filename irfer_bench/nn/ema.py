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
    pairs = list(zip(averaged.state_dict().values(), net.state_dict().values(), strict=True))
    floats = [(a, b) for a, b in pairs if a.is_floating_point()]
    others = [(a, b) for a, b in pairs if not a.is_floating_point()]

    def update(step: int) -> None:
        kept = min(decay, (1 + step) / (10 + step))
        if floats:
            own, new = map(list, zip(*floats, strict=True))
            torch._foreach_lerp_(own, new, 1 - kept)
        for a, b in others:
            a.copy_(b)

    return averaged, update
