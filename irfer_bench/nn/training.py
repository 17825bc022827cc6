"""Training of one network by one optimiser, on the step loop of `irfer_bench.nn.loop`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.nn.loop import Losses, load_module, module_state, run_steps

if TYPE_CHECKING:
    from irfer_bench.contracts.context import Context

B = TypeVar("B")
__all__ = ["load_module", "module_state", "train"]


def train(
    name: str,
    module: nn.Module,
    *,
    steps: int,
    batch: Callable[[int], B],
    loss: Callable[[B], Tensor | Iterable[Tensor]],
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
    ctx: Context,
    rate: Callable[[int], float] | None = None,
    after_step: Callable[[int], None] | None = None,
    clip_norm: float | None = None,
    ema: nn.Module | None = None,
    ahead: int = 0,
) -> float:
    """Take `steps` optimiser steps and return the mean loss of the last tenth of them.

    Args:
        batch: makes the batch of a step from its number alone, so that a resumed run sees the same.
        loss: of a batch, or the terms of a sum, whose gradients are computed one after the other.
        optimizer: one, or several that share the parameters.
        rate: multiplier of each group's initial learning rate at a step.
        ema: a module whose state travels with the checkpoint; `after_step` updates it.
        ahead: batches that a thread prepares; see `run_steps`.

    Returns:
        The mean loss; NaN where no step was left to take.

    Raises:
        NonFiniteLossError: a loss or a weight is NaN or infinite; the last checkpoint is kept.
    """
    own = [optimizer] if isinstance(optimizer, torch.optim.Optimizer) else list(optimizer)
    initial = [group["lr"] for each in own for group in each.param_groups]

    def step(number: int, drawn: B) -> Losses:
        if rate is not None:
            # Looked up anew: a resumed optimiser has other dictionaries of its groups.
            groups = (group for each in own for group in each.param_groups)
            for group, base in zip(groups, initial, strict=True):
                group["lr"] = base * rate(number)
        for each in own:
            each.zero_grad(set_to_none=True)
        value = add_gradients(loss(drawn))
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(_parameters(own), clip_norm)
        for each in own:
            each.step()
        if after_step is not None:
            after_step(number)
        return {"loss": value}

    module.train()
    losses = run_steps(
        name, steps=steps, batch=batch, step=step,
        modules={"module": module} if ema is None else {"module": module, "ema": ema},
        optimizers={f"optimizer{k or ''}": each for k, each in enumerate(own)}, ctx=ctx,
        ahead=ahead,
    )
    module.eval()
    return losses.get("loss", float("nan"))


def add_gradients(loss: Tensor | Iterable[Tensor]) -> Tensor:
    """Add the gradients of a loss, or of the terms of one, to those of the parameters.

    An iterator that makes each term when it is asked for holds one graph at a time.

    Returns:
        The loss, or the sum of its terms.
    """
    if isinstance(loss, Tensor):
        loss.backward()  # type: ignore[no-untyped-call]
        return loss
    terms = []
    for term in loss:
        term.backward()
        terms.append(term.detach())
    return torch.stack(terms).sum()


def _parameters(optimizers: Sequence[torch.optim.Optimizer]) -> Iterator[Tensor]:
    return (p for each in optimizers for group in each.param_groups for p in group["params"])
