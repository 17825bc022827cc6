"""What the pretraining scripts share: an optimiser for transformers, schedules and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from irfer_bench.nn.muon import Muon
from irfer_bench.nn.schedules import linear, warm_up

BETAS = (0.9, 0.98)


def optimizers(
    learned: Mapping[str, Tensor], rate: float, inner: str = "resblocks"
) -> list[torch.optim.Optimizer]:
    """AdamW, weight decay on matrices only; the matrices of the blocks named `inner` by `Muon`."""
    blocks = [p for name, p in learned.items() if p.ndim == 2 and inner and inner in name]
    rest = [p for name, p in learned.items() if not (p.ndim == 2 and inner and inner in name)]
    groups = [
        {"params": [p for p in rest if p.ndim >= 2], "weight_decay": 0.05},
        {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0},
    ]
    made: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=rate, betas=BETAS)]
    if not blocks:
        return made
    return [*made, Muon(blocks, rate, weight_decay=0.05, attention=True)]


def descend(
    name: str,
    learned: Mapping[str, Any],
    loss: Callable[[int], Tensor],
    *,
    steps: int,
    rate: float,
    warmup: int,
    hold: float = 0.0,
    inner: str = "",
    after_step: Callable[[int], None] = lambda step: None,
) -> None:
    """Warm-up, full rate for a share `hold` of the steps, then linearly to zero.

    Args:
        learned: the parameters by name; their gradients have norm 1 at most. loss: of a step.
        inner: see `optimizers`.
    """
    chosen = optimizers(learned, rate, inner)
    for step in range(steps):
        factor = min(warm_up(step, warmup), linear(step, steps, hold=hold * steps))
        for group in [group for optimizer in chosen for group in optimizer.param_groups]:
            group["lr"] = rate * factor
        value = loss(step)
        for optimizer in chosen:
            optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(list(learned.values()), 1.0)
        for optimizer in chosen:
            optimizer.step()
        after_step(step)
        say(name, step + 1, steps, f"loss {value.item():.3f}")


def say(what: str, done: int, total: int, note: str = "") -> None:
    """Progress on one line, with the remaining time."""
    began = _BEGAN.setdefault(what, time.monotonic())
    spent = time.monotonic() - began
    left = spent / done * (total - done)
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r{what} {done}/{total}, {spent:.0f} s, {left:.0f} s left  {note}   {end}")


_BEGAN: dict[str, float] = {}
