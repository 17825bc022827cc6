"""The training loop: resumes exactly, stops at NaN, keeps the last good state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from irfer_bench.api import NonFiniteLossError, State
from irfer_bench.nn import loop
from irfer_bench.nn.training import load_module, module_state, train
from irfer_bench.testing.memory import MemoryContext


class Run:
    """A small regression with momentum, a moving average and random numbers in its loss."""

    def __init__(self, ctx: MemoryContext, steps: int = 8, poison: int | None = None) -> None:
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        self.average = nn.Linear(3, 4)
        load_module(self.average, module_state(self.net[0]))
        self.seen: list[int] = []
        self.rates: list[float] = []
        optimizer = torch.optim.AdamW(self.net.parameters(), lr=0.1)

        def batch(step: int) -> Tensor:
            self.seen.append(step)
            return torch.full((4, 3), float(step)) + torch.arange(12).view(4, 3)

        def loss(x: Tensor) -> Tensor:
            value = (self.net(x + torch.randn_like(x)) - 1).square().mean()
            return value * float("inf") if self.seen[-1] == poison else value

        def after(step: int) -> None:
            self.rates.append(optimizer.param_groups[0]["lr"])
            with torch.no_grad():
                for a, b in zip(self.average.parameters(), self.net[0].parameters(), strict=True):
                    a.lerp_(b, 0.5)

        self.final = train(
            "toy", self.net, steps=steps, batch=batch, loss=loss, optimizer=optimizer, ctx=ctx,
            rate=lambda step: 1 / (1 + step), after_step=after, ema=self.average, clip_norm=1.0,
        )


class StopsAt(MemoryContext):
    """Raises after a number of steps, as a kill would."""

    stop = 5

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if done == self.stop:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def _checkpoint_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))


def test_a_resumed_run_ends_where_an_uninterrupted_one_does() -> None:
    whole = Run(MemoryContext())
    broken = StopsAt()
    with pytest.raises(KeyboardInterrupt):
        Run(broken)
    resumed = Run(MemoryContext(checkpoints=broken.checkpoints))
    assert resumed.seen[0] in (4, 5)
    for a, b in ((whole.net, resumed.net), (whole.average, resumed.average)):
        for name, value in module_state(a).items():
            np.testing.assert_array_equal(value, module_state(b)[name], err_msg=name)
    assert whole.rates[-1] == resumed.rates[-1] == pytest.approx(0.1 / 8)


def test_a_loss_that_is_infinite_says_where_and_keeps_what_was_good() -> None:
    ctx = MemoryContext()
    with pytest.raises(NonFiniteLossError, match="toy: loss is inf at step 4 of 8"):
        Run(ctx, poison=3)
    kept = ctx.checkpoints["toy"]
    assert kept.scalars["done"] == 3
    assert all(np.isfinite(value).all() for value in kept.tensors.values())


def test_a_checkpoint_does_not_change_when_training_goes_on() -> None:
    copies: list[tuple[State, dict[str, Any]]] = []

    class Keeps(MemoryContext):
        def checkpoint(self, name: str, state: State) -> None:
            copies.append((state, {k: v.copy() for k, v in state.tensors.items()}))

    Run(Keeps())
    assert len(copies) == 8
    for state, copy in copies:
        assert all((state.tensors[k] == v).all() for k, v in copy.items())


def test_a_finished_checkpoint_trains_no_more() -> None:
    ctx = MemoryContext()
    first = Run(ctx)
    again = Run(ctx)
    assert again.seen == []
    np.testing.assert_array_equal(
        module_state(first.net)["0.weight"], module_state(again.net)["0.weight"]
    )


def test_weights_of_another_shape_or_name_are_refused() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        load_module(nn.Linear(3, 4), module_state(nn.Linear(4, 4)))
    with pytest.raises(RuntimeError, match="Missing key"):
        load_module(nn.Linear(3, 4), {})


def in_two_optimisers(ctx: MemoryContext) -> nn.Sequential:
    """Six steps in which the first layer has momentum and the second one Adam's moments."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    own: list[torch.optim.Optimizer] = [
        torch.optim.SGD(net[0].parameters(), 0.01, momentum=0.9),
        torch.optim.AdamW(net[1].parameters(), 0.1),
    ]
    train(
        "toy", net, steps=6, batch=lambda step: torch.full((2, 3), step + 1.0), ctx=ctx,
        loss=lambda x: (net(x) - 1).square().mean(), optimizer=own,
    )
    return net


def test_two_optimisers_of_one_network_resume_each_with_its_own_state() -> None:
    whole, broken = in_two_optimisers(MemoryContext()), StopsAt()
    with pytest.raises(KeyboardInterrupt):
        in_two_optimisers(broken)
    resumed = in_two_optimisers(MemoryContext(checkpoints=broken.checkpoints))
    for name, value in module_state(whole).items():
        np.testing.assert_array_equal(value, module_state(resumed)[name], err_msg=name)
    kept = broken.checkpoints["toy"].tensors
    assert {name.split(".")[0] for name in kept} == {"module", "optimizer", "optimizer1"}
    assert {"optimizer.0.momentum_buffer", "optimizer1.1.exp_avg_sq"} <= kept.keys()
