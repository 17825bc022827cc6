"""What the pretraining scripts share: an optimiser for transformers, schedules and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from irfer_bench.nn.schedules import linear, warm_up

BETAS = (0.9, 0.98)


class Muon(torch.optim.Optimizer):
    """Momentum whose update of a matrix is made orthogonal (Jordan et al., 2024, the post "Muon").

    From scratch, small transformers need about half as many steps as with AdamW. Matrices of one
    shape are taken together; the three projections of an attention are matrices of their own.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float, weight_decay: float = 0.0) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update with Nesterov momentum 0.95."""
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
            for p in group["params"]:
                if p.grad is None:
                    continue
                momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                momentum.lerp_(p.grad, 0.05)
                update = p.grad.lerp(momentum, 0.95)
                parts = 3 if p.shape[0] == 3 * p.shape[1] else 1
                pairs = zip(p.chunk(parts), update.chunk(parts), strict=True)
                for weight, change in pairs:
                    tall = weight.shape[0] > weight.shape[1]
                    both = (weight.T, change.T) if tall else (weight, change)
                    alike.setdefault(tuple(both[0].shape), []).append(both)
            for (rows, columns), pairs_alike in alike.items():
                updates = orthogonalise(torch.stack([u for _, u in pairs_alike]))
                size = 0.2 * max(rows, columns) ** 0.5
                for (weight, _), made in zip(pairs_alike, updates, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(made, alpha=-group["lr"] * size)


def orthogonalise(x: Tensor, rounds: int = 5) -> Tensor:
    """(n, rows, columns), rows <= columns, to matrices with singular values near 1."""
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    for _ in range(rounds):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


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
    return [*made, Muon(blocks, rate, weight_decay=0.05)] if blocks else made


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
