"""The step loop of every training: resuming, progress, checkpoints and the check for NaN."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.contracts.context import Context
from irfer_bench.contracts.values import State
from irfer_bench.errors import NonFiniteLossError

B = TypeVar("B")
Losses: TypeAlias = Mapping[str, Tensor]
"""Scalar losses of one step by name."""

CHECKPOINT_SHARE = 0.02
"""Largest share of a training's time that its checkpoints may take."""
SMALLEST_COST = 0.05
BYTES_PER_SECOND = 1e8
"""The cost of the first checkpoint is estimated: a constant in seconds plus bytes by this rate."""
CHECK_EVERY = 16
"""Steps between two looks at the losses on an accelerator, where each look waits for the device."""


def run_steps(
    name: str,
    *,
    steps: int,
    batch: Callable[[int], B],
    step: Callable[[int, B], Losses],
    modules: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    ctx: Context,
    ahead: int = 0,
    largest: float = math.inf,
) -> dict[str, float]:
    """Take `steps` steps, from the last checkpoint where there is one.

    The global generators are seeded before each step from the step's number, so that a resumed
    training continues as an uninterrupted one would.

    Args:
        batch: makes the batch of a step from its number alone.
        step: computes the losses and updates the weights.
        modules, optimizers: what a checkpoint keeps, by name (averaged weights included).
        ahead: batches that a thread prepares while steps run; `batch` must then draw from
            generators of its own and never from torch's global one.
        largest: a loss above this has exploded.

    Returns:
        The mean of each loss over the last tenth of the steps; empty where no step was taken.

    Raises:
        NonFiniteLossError: a loss or a weight is NaN or infinite, or a loss exploded; the last
            checkpoint, which is finite, is kept.
    """
    first = _resume(name, modules, optimizers, ctx)
    losses = _LossWindow(name, steps, largest)
    budget = CheckpointBudget(3 * sum(_bytes(module) for module in modules.values()))
    look_every = 1 if ctx.device.startswith("cpu") else CHECK_EVERY
    with closing(_batches(batch, first, steps, ahead)) as batches:
        for number in range(first, steps):
            torch.manual_seed(ctx.seed_for(name, "step", str(number)))
            losses.add(number, step(number, next(batches)))
            if (number + 1) % look_every == 0:
                losses.check()
            ctx.progress(name, number + 1, steps)
            if budget.due():
                began = budget.now()
                losses.check()
                check_finite(name, modules, number, steps)
                ctx.checkpoint(name, _snapshot(modules, optimizers, number + 1))
                budget.spend(budget.now() - began)
    losses.check()
    check_finite(name, modules, steps - 1, steps)
    return losses.means()


class CheckpointBudget:
    """Decides when a checkpoint is due, so that all together take `CHECKPOINT_SHARE` at most.

    Args:
        size: bytes of a checkpoint, for the cost of the first. now: a clock in seconds.
    """

    def __init__(self, size: int, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._started = now()
        self._spent = 0.0
        self._next = SMALLEST_COST + size / BYTES_PER_SECOND

    def due(self) -> bool:
        """Whether the time since the start pays for what was spent and one more checkpoint."""
        return self._spent + self._next <= CHECKPOINT_SHARE * (self.now() - self._started)

    def spend(self, seconds: float) -> None:
        """Record what a checkpoint took; the next one is expected to take as long."""
        self._next = max(SMALLEST_COST, seconds)
        self._spent += self._next


class _LossWindow:
    """Losses that stay on their device until `check` reads them together."""

    def __init__(self, name: str, steps: int, largest: float = math.inf) -> None:
        self._name, self._steps, self._largest = name, steps, largest
        self._unread: list[tuple[int, dict[str, Tensor]]] = []
        self._recent: dict[str, list[float]] = {}

    def add(self, number: int, losses: Losses) -> None:
        self._unread.append((number, {key: value.detach() for key, value in losses.items()}))

    def check(self) -> None:
        """Read what was added since the last time; raise where a value is not finite."""
        unread, self._unread = self._unread, []
        if not unread:
            return
        values = torch.stack([value for _, losses in unread for value in losses.values()]).tolist()
        rows = iter(values)
        for number, losses in unread:
            for key in losses:
                value = next(rows)
                if not abs(value) < math.inf or abs(value) > self._largest:
                    which = key if key.endswith("loss") else f"loss {key!r}"
                    exploded = f", above {self._largest:g}," if abs(value) < math.inf else ""
                    raise NonFiniteLossError(
                        f"{self._name}: {which} is {value}{exploded} at step {number + 1} of "
                        f"{self._steps}",
                        "the last checkpoint is kept; lower the learning rate or look at the batch",
                    )
                if number >= self._steps * 9 // 10:
                    self._recent.setdefault(key, []).append(value)

    def means(self) -> dict[str, float]:
        return {key: sum(values) / len(values) for key, values in self._recent.items()}


def check_finite(name: str, modules: Mapping[str, nn.Module], number: int, steps: int) -> None:
    """Raise NonFiniteLossError where a parameter is not finite or a buffer is NaN.

    Infinite buffers pass: attention masks are made of them.
    """
    flags: dict[str, Tensor] = {}
    for group, module in modules.items():
        for key, weight in module.named_parameters():
            flags[f"{group}.{key}"] = weight.isfinite().all()
        for key, buffer in module.named_buffers():
            flags[f"{group}.{key}"] = ~buffer.isnan().any()
    if not flags or torch.stack(list(flags.values())).all():
        return
    bad = next(key for key, good in flags.items() if not good)
    raise NonFiniteLossError(
        f"{name}: weight {bad} is not finite after step {number + 1} of {steps}",
        "the last checkpoint is kept; lower the learning rate or clip the gradients",
    )


def _batches(
    batch: Callable[[int], B], first: int, steps: int, ahead: int
) -> Generator[B, None, None]:
    if ahead < 1:
        for number in range(first, steps):
            yield batch(number)
        return
    # A second team of torch's threads beside the step's would cost more than reading ahead gains.
    few = max(1, torch.get_num_threads() // 4)
    thread = ThreadPoolExecutor(1, "batches", torch.set_num_threads, (few,))
    waiting: deque[Future[B]] = deque()
    try:
        for number in range(first, steps):
            while len(waiting) <= ahead and number + len(waiting) < steps:
                waiting.append(thread.submit(batch, number + len(waiting)))
            yield waiting.popleft().result()
    finally:
        thread.shutdown(cancel_futures=True)


def module_state(module: nn.Module, prefix: str = "") -> dict[str, Any]:
    """A module's parameters and buffers as numpy copies, for `State.tensors`."""
    return {f"{prefix}{k}": v.detach().cpu().numpy().copy() for k, v in module.state_dict().items()}


def load_module(module: nn.Module, tensors: Mapping[str, Any], prefix: str = "") -> None:
    """Put what `module_state` gave back into a module, strictly."""
    own = {k.removeprefix(prefix): _tensor(v) for k, v in tensors.items() if k.startswith(prefix)}
    module.load_state_dict(own, strict=True)


def _tensor(array: Any) -> Tensor:
    return torch.from_numpy(array.copy()) if array.ndim else torch.tensor(array.item())


def _laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A slot of a parameter in the parameter's order in memory, by which fused steps read both."""
    if value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def _bytes(module: nn.Module) -> int:
    return sum(value.nbytes for value in module.parameters())


def _snapshot(
    modules: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer], done: int
) -> State:
    tensors: dict[str, Any] = {}
    for group, module in modules.items():
        tensors |= module_state(module, f"{group}.")
    for group, optimizer in optimizers.items():
        for number, slots in optimizer.state_dict()["state"].items():
            for slot, value in slots.items():
                kept = torch.as_tensor(value).cpu().numpy().copy()
                tensors[f"{group}.{number}.{slot}"] = kept
    return State(tensors, {"done": done})


def _resume(
    name: str,
    modules: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    ctx: Context,
) -> int:
    kept = ctx.last_checkpoint(name)
    if kept is None:
        return 0
    for group, module in modules.items():
        load_module(module, kept.tensors, f"{group}.")
    for group, optimizer in optimizers.items():
        state = optimizer.state_dict()
        slots: dict[int, dict[str, Tensor]] = {}
        trained = [p for parts in optimizer.param_groups for p in parts["params"]]
        for key, value in kept.tensors.items():
            if key.startswith(f"{group}."):
                number, slot = key.removeprefix(f"{group}.").split(".", 1)
                of = trained[int(number)]
                slots.setdefault(int(number), {})[slot] = _laid_out_as(of, _tensor(value))
        state["state"] = slots
        optimizer.load_state_dict(state)
    return int(kept.scalars["done"])
