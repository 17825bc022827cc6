"""Learning-rate schedules as closed forms of the epoch or step, without optimiser objects."""

from __future__ import annotations

import math
from collections.abc import Sequence


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


def cosine(epoch: float, epochs: float, base: float, *, floor: float = 0.0) -> float:
    """torch's CosineAnnealingLR with T_max = `epochs`, in closed form."""
    return floor + (base - floor) * (1.0 + math.cos(math.pi * epoch / epochs)) / 2.0


def warm_up(step: float, length: float, first: float = 1.0) -> float:
    """(step + first) / length until it reaches 1; 1 throughout where `length` is 0."""
    return min(1.0, (step + first) / length) if length > 0 else 1.0


def linear(step: float, steps: float, *, hold: float = 0.0) -> float:
    """1 for `hold` steps, then linearly to 0 at `steps`."""
    return min(1.0, max(0.0, (steps - step) / max(1, steps - hold)))


def step_decay(epoch: int, milestones: Sequence[int], factor: float = 0.1) -> float:
    """`factor` for each milestone that an epoch has reached (torch's MultiStepLR)."""
    return factor ** sum(epoch >= milestone for milestone in milestones)
