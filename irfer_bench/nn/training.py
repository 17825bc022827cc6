"""The one training loop: progress, NaN stop, checkpoints, resume, deadline."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.contracts.values import State
from irfer_bench.errors import NonFiniteLossError

if TYPE_CHECKING:
    from irfer_bench.contracts.values import Context

B = TypeVar("B")
CHECKPOINT_SECONDS = 20.0


def train(
    name: str,
    module: nn.Module,
    *,
    steps: int,
    batch: Callable[[int], B],
    loss: Callable[[B], Tensor],
    optimizer: torch.optim.Optimizer,
    ctx: Context,
    rate: Callable[[int], float] | None = None,
    after_step: Callable[[int], None] | None = None,
    clip_norm: float | None = None,
    ema: nn.Module | None = None,
) -> float:
    """Take `steps` optimiser steps and return the mean loss of the last tenth of them.

    Args:
        batch: makes the batch of a step from its number alone, so that a resumed run sees the same.
        rate: multiplier of each group's initial learning rate at a step.
        ema: a module whose state travels with the checkpoint; `after_step` updates it.

    Raises:
        NonFiniteLossError: the loss is NaN or infinite; the last checkpoint is kept.
    """
    initial = [group["lr"] for group in optimizer.param_groups]
    first = _resume(name, module, optimizer, ema, ctx)
    recent: list[float] = []
    saved = time.monotonic()
    module.train()
    for step in range(first, steps):
        if rate is not None:
            for group, base in zip(optimizer.param_groups, initial, strict=True):
                group["lr"] = base * rate(step)
        torch.manual_seed(ctx.seed_for(name, "step", str(step)))
        value = loss(batch(step))
        if not torch.isfinite(value):
            raise NonFiniteLossError(
                f"{name}: loss is {value.item()} at step {step + 1} of {steps}",
                "the last checkpoint is kept; lower the learning rate or look at the batch",
            )
        optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(_parameters(optimizer), clip_norm)
        optimizer.step()
        if after_step is not None:
            after_step(step)
        if step >= steps * 9 // 10:
            recent.append(value.item())
        ctx.progress(name, step + 1, steps)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            ctx.checkpoint(name, _snapshot(module, optimizer, ema, step + 1))
            saved = time.monotonic()
    module.eval()
    return sum(recent) / len(recent) if recent else float("nan")


def module_state(module: nn.Module, prefix: str = "") -> dict[str, Any]:
    """A module's parameters and buffers as numpy copies, for `State.tensors`."""
    return {f"{prefix}{k}": v.detach().cpu().numpy().copy() for k, v in module.state_dict().items()}


def load_module(module: nn.Module, tensors: Mapping[str, Any], prefix: str = "") -> None:
    """Put what `module_state` gave back into a module, strictly."""
    own = {k.removeprefix(prefix): _tensor(v) for k, v in tensors.items() if k.startswith(prefix)}
    module.load_state_dict(own, strict=True)


def _tensor(array: Any) -> Tensor:
    return torch.from_numpy(array.copy()) if array.ndim else torch.tensor(array.item())


def _parameters(optimizer: torch.optim.Optimizer) -> Iterator[Tensor]:
    return (p for group in optimizer.param_groups for p in group["params"])


def _snapshot(
    module: nn.Module, optimizer: torch.optim.Optimizer, ema: nn.Module | None, done: int
) -> State:
    tensors = module_state(module, "module.")
    if ema is not None:
        tensors |= module_state(ema, "ema.")
    for number, slots in optimizer.state_dict()["state"].items():
        for slot, value in slots.items():
            tensors[f"optimizer.{number}.{slot}"] = torch.as_tensor(value).cpu().numpy().copy()
    return State(tensors, {"done": done})


def _resume(
    name: str,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    ema: nn.Module | None,
    ctx: Context,
) -> int:
    kept = ctx.last_checkpoint(name)
    if kept is None:
        return 0
    load_module(
        module, {k: v for k, v in kept.tensors.items() if k.startswith("module.")}, "module."
    )
    if ema is not None:
        load_module(ema, {k: v for k, v in kept.tensors.items() if k.startswith("ema.")}, "ema.")
    state = optimizer.state_dict()
    slots: dict[int, dict[str, Tensor]] = {}
    for key, value in kept.tensors.items():
        if key.startswith("optimizer."):
            _, number, slot = key.split(".", 2)
            slots.setdefault(int(number), {})[slot] = _tensor(value)
    state["state"] = slots
    optimizer.load_state_dict(state)
    return int(kept.scalars["done"])
