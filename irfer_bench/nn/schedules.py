"""Learning-rate schedules as closed forms of the epoch or step, without optimiser objects."""

from __future__ import annotations

import math


def warmup_cosine(
    epoch: int, epochs: int, base: float, *, warmup: float = 1e-5, warmup_epochs: int = 1
) -> float:
    """Dassl's schedule of the CoOp family: constant warm-up, then a cosine that never reaches 0.

    lr(e) = `warmup` for e < w = `warmup_epochs`, then base (1 + cos(pi (e - w) / epochs)) / 2; the
    peak comes right after the warm-up and the last epoch is above 0.
    """
    if epoch < warmup_epochs:
        return warmup
    return cosine(epoch - warmup_epochs, epochs, base)


def cosine(epoch: int, epochs: int, base: float, *, floor: float = 0.0) -> float:
    """torch's CosineAnnealingLR with T_max = `epochs`, in closed form."""
    return floor + (base - floor) * (1.0 + math.cos(math.pi * epoch / epochs)) / 2.0
