"""The step loop: several optimisers, checkpoint budget, no checkpoint of non-finite states."""

from __future__ import annotations

import threading
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from irfer_bench.api import NonFiniteLossError, State
from irfer_bench.nn import loop
from irfer_bench.nn.loop import CheckpointBudget, module_state, run_steps
from irfer_bench.testing.memory import MemoryContext


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Adversaries:
    """A generator and a discriminator of one weight each, with an optimiser of their own."""

    def __init__(self, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.modules = {"generator": nn.Linear(2, 1), "discriminator": nn.Linear(1, 1)}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            f"{name}_optimizer": torch.optim.Adam(module.parameters(), 0.05)
            for name, module in self.modules.items()
        }
        self.spoil: tuple[str, int] | None = None

    def batch(self, number: int) -> Tensor:
        return torch.from_numpy(np.random.default_rng(number).normal(size=(4, 2))).float()

    def step(self, number: int, x: Tensor) -> dict[str, Tensor]:
        G, D = self.modules["generator"], self.modules["discriminator"]
        losses = {}
        for name in ("discriminator", "generator"):
            optimizer = self.optimizers[f"{name}_optimizer"]
            optimizer.zero_grad()
            fake = D(G(x) + 0.1 * torch.randn(4, 1)).mean()
            loss = fake if name == "discriminator" else fake.square()
            loss.backward()
            optimizer.step()
            losses[name] = loss
        if self.spoil == ("loss", number):
            losses["generator"] = losses["generator"] * float("nan")
        if self.spoil == ("weight", number):
            with torch.no_grad():
                next(G.parameters()).fill_(float("inf"))
        return losses

    def run(self, ctx: MemoryContext, steps: int = 10, **more: Any) -> dict[str, float]:
        return run_steps(
            "gan", steps=steps, batch=self.batch, step=self.step, modules=self.modules,
            optimizers=self.optimizers, ctx=ctx, **more,
        )

    def weights(self) -> dict[str, Any]:
        return {f"{name}.{k}": v for name, module in self.modules.items()
                for k, v in module_state(module).items()}


class Stopped(MemoryContext):
    """Raises at a step, as Ctrl-C would."""

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if done == 6:
            raise KeyboardInterrupt


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every step, whatever it costs."""
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", float("inf"))


@pytest.mark.usefixtures("every_step")
def test_two_networks_with_two_optimisers_resume_where_they_stopped() -> None:
    whole, broken, resumed = (Adversaries() for _ in range(3))
    means = whole.run(MemoryContext())
    stopped = Stopped()
    with pytest.raises(KeyboardInterrupt):
        broken.run(stopped)
    assert resumed.run(MemoryContext(checkpoints=stopped.checkpoints)) == means
    for name, value in whole.weights().items():
        np.testing.assert_array_equal(value, resumed.weights()[name], err_msg=name)
    assert means.keys() == {"generator", "discriminator"}


@pytest.mark.parametrize("cost", [0.01, 3.0, 60.0])
def test_checkpoints_take_two_percent_of_the_time_at_most(cost: float) -> None:
    clock = Clock()
    budget = CheckpointBudget(size=0, now=clock)
    spent, written = 0.0, 0
    for _ in range(20_000):
        clock.seconds += 1.0
        if budget.due():
            began = clock()
            clock.seconds += cost
            budget.spend(clock() - began)
            spent, written = spent + cost, written + 1
            # The cost of the first can only be estimated.
            assert written == 1 or spent <= 0.0201 * clock()
    assert written > 20_000 * 0.02 / max(cost, 0.05) * 0.8 - 1


def test_a_large_state_waits_longer_for_its_first_checkpoint() -> None:
    def first(size: int) -> float:
        clock = Clock()
        budget = CheckpointBudget(size, now=clock)
        while not budget.due():
            clock.seconds += 0.5
        return clock()

    assert first(10**6) < 5
    assert first(10**9) > 300


def test_the_loop_keeps_to_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(loop, "CheckpointBudget", partial(CheckpointBudget, now=clock))
    written = []

    class Slow(MemoryContext):
        def progress(self, name: str, done: int, total: int, note: str = "") -> None:
            clock.seconds += 1.0

        def checkpoint(self, name: str, state: State) -> None:
            written.append(state.scalars["done"])
            clock.seconds += 2.0

    Adversaries().run(Slow(), steps=500)
    # 2 s each in 500 s: the first after 2.5 s by the estimate, then one in a hundred seconds.
    assert written[0] <= 3
    assert [round(b - a, -1) for a, b in pairwise(written[1:])] == [100] * 3


@pytest.mark.usefixtures("every_step")
def test_weights_that_are_not_finite_are_never_kept() -> None:
    for device in ("cpu", "cuda"):
        run, ctx = Adversaries(), MemoryContext(device=device)
        run.spoil = ("weight", 4)
        with pytest.raises(NonFiniteLossError, match=r"generator\.weight .* step 5 of 10"):
            run.run(ctx)
        assert ctx.checkpoints["gan"].scalars["done"] == 4
        assert all(np.isfinite(v).all() for v in ctx.checkpoints["gan"].tensors.values())


@pytest.mark.usefixtures("every_step")
def test_a_loss_above_the_largest_has_exploded() -> None:
    run, ctx = Adversaries(), MemoryContext()
    step = run.step

    def exploding(number: int, x: Tensor) -> dict[str, Tensor]:
        losses = step(number, x)
        return {name: -(10.0 ** (number - 2)) + 0 * loss for name, loss in losses.items()}

    run.step = exploding  # type: ignore[method-assign]
    expected = r"loss 'discriminator' is -100.0, above 50, at step 5 of 10; the last checkpoint"
    with pytest.raises(NonFiniteLossError, match=expected):
        run.run(ctx, largest=50)
    assert ctx.checkpoints["gan"].scalars["done"] == 4


def test_weights_that_are_not_finite_are_never_returned() -> None:
    run = Adversaries()
    run.spoil = ("weight", 9)
    with pytest.raises(NonFiniteLossError, match="step 10 of 10"):
        run.run(MemoryContext())


@pytest.mark.parametrize(("device", "taken"), [("cpu", 3), ("cuda:0", 16)])
def test_an_accelerator_is_asked_for_its_losses_every_few_steps(device: str, taken: int) -> None:
    """The named step is the bad one, however late it is noticed."""
    run, ctx = Adversaries(), MemoryContext(device=device)
    run.spoil = ("loss", 2)
    seen = []
    step = run.step

    def counted(number: int, x: Tensor) -> dict[str, Tensor]:
        seen.append(number)
        return step(number, x)

    run.step = counted  # type: ignore[method-assign]
    with pytest.raises(NonFiniteLossError, match="gan: loss 'generator' is nan at step 3 of 40"):
        run.run(ctx, steps=40)
    assert len(seen) == taken
    assert not ctx.checkpoints


@pytest.mark.parametrize("count", [1, 3])
def test_batches_prepared_ahead_change_no_number(count: int) -> None:
    in_turn, ahead = Adversaries(), Adversaries()
    threads = set()
    batch = ahead.batch

    def noted(number: int) -> Tensor:
        threads.add(threading.current_thread().name)
        return batch(number)

    ahead.batch = noted  # type: ignore[method-assign]
    assert in_turn.run(MemoryContext()) == ahead.run(MemoryContext(), ahead=count)
    for name, value in in_turn.weights().items():
        np.testing.assert_array_equal(value, ahead.weights()[name])
    assert len(threads) == 1
    assert threading.current_thread().name not in threads


@pytest.mark.parametrize(("all_threads", "reading"), [(2, 1), (8, 2)])
def test_reading_ahead_leaves_the_processor_to_the_step(all_threads: int, reading: int) -> None:
    before, seen = torch.get_num_threads(), set()
    run = Adversaries()

    def noted(_: int) -> Tensor:
        seen.add(torch.get_num_threads())
        return torch.zeros(4, 2)

    run.batch = noted  # type: ignore[method-assign]
    torch.set_num_threads(all_threads)
    try:
        run.run(MemoryContext(), ahead=1)
        assert torch.get_num_threads() == all_threads
    finally:
        torch.set_num_threads(before)
    assert seen == {reading}


def test_a_batch_that_cannot_be_made_ahead_ends_the_training_and_its_thread() -> None:
    run = Adversaries()

    def missing(number: int) -> Tensor:
        if number == 5:
            raise FileNotFoundError("frame 5")
        return torch.zeros(4, 2)

    run.batch = missing  # type: ignore[method-assign]
    with pytest.raises(FileNotFoundError, match="frame 5"):
        run.run(MemoryContext(), ahead=2)
    assert not [t for t in threading.enumerate() if t.name.startswith("batches")]


def test_masks_of_minus_infinity_are_no_fault() -> None:
    run = Adversaries()
    run.modules["generator"].register_buffer("mask", torch.full((2,), float("-inf")))
    assert run.run(MemoryContext())


def test_losses_after_the_last_look_are_read_at_the_end() -> None:
    run, ctx = Adversaries(), MemoryContext(device="cuda")
    run.spoil = ("loss", 9)
    with pytest.raises(NonFiniteLossError, match="loss 'generator' is nan at step 10 of 10"):
        run.run(ctx)


@pytest.mark.usefixtures("every_step")
def test_the_first_checkpoint_s_cost_is_that_of_weights_and_adam_s_two_moments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected: list[int] = []

    class Budget(CheckpointBudget):
        def __init__(self, size: int) -> None:
            expected.append(size)
            super().__init__(size)

    monkeypatch.setattr(loop, "CheckpointBudget", Budget)
    run, ctx = Adversaries(), MemoryContext()
    wide = run.modules["generator"] = nn.Sequential(nn.Linear(2, 4000), nn.Linear(4000, 1))
    run.optimizers["generator_optimizer"] = torch.optim.Adam(wide.parameters(), 1e-5)
    run.run(ctx, steps=1)
    written = sum(value.nbytes for value in ctx.checkpoints["gan"].tensors.values())
    assert expected == [pytest.approx(written, rel=0.01)]
