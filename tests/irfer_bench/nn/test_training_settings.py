"""What a training loop does with rates, norms and modes, and which epoch of videos is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import Clip, RefusedError, TrainingData
from irfer_bench.nn import clip_training
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.clip_training import ClipRecipe, train_on_clips
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import FrameSampling
from irfer_bench.nn.training import train
from irfer_bench.testing.memory import ClipList, MemoryContext
from tests.recorder import Recorder


def slope(net: nn.Linear, steps: int = 1, **given: Any) -> float:
    """Train on the sum of the weights times the step's number."""
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0)
    return train(
        "toy", net, steps=steps, batch=lambda step: float(step),
        loss=lambda factor: factor * net.weight.sum() + net.weight.sum() * 0 + factor,
        optimizer=optimizer, ctx=MemoryContext(), **given,
    )


def test_gradients_are_shortened_to_the_largest_norm_and_shorter_ones_kept() -> None:
    for norm, expected in ((0.5, 0.5), (100.0, 2.0), (None, 2.0)):
        net = nn.Linear(4, 1, bias=False)
        before = net.weight.detach().clone()
        slope(net, steps=2, rate=lambda step: float(step == 1), clip_norm=norm)
        assert float((net.weight - before).detach().norm()) == pytest.approx(expected, rel=1e-4)


def test_the_mean_loss_is_that_of_the_last_tenth() -> None:
    net = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(net.weight)
    assert slope(net, steps=20, rate=lambda step: 0.0) == pytest.approx(18.5)
    assert slope(net, steps=3, rate=lambda step: 0.0) == pytest.approx(2.0)
    assert np.isnan(slope(net, steps=0))


def test_a_rate_multiplies_each_group_s_own_and_the_network_is_in_training() -> None:
    net, seen = nn.Linear(2, 2).eval(), []
    groups = [{"params": [net.weight], "lr": 4.0}, {"params": [net.bias], "lr": 1.0}]
    first = torch.optim.SGD(groups)

    def loss(step: int) -> Tensor:
        seen.append(([group["lr"] for group in first.param_groups], net.training))
        return net.weight.sum() + net.bias.sum()

    train("toy", net, steps=3, batch=lambda step: step, loss=loss, optimizer=first,
          ctx=MemoryContext(), rate=lambda step: 1 / (1 + step))
    assert seen == [([4.0, 1.0], True), ([2.0, 0.5], True), ([4 / 3, 1 / 3], True)]
    assert not net.training


def test_random_numbers_of_a_step_follow_from_its_number() -> None:
    drawn: list[list[float]] = []
    for extra in (0, 3):
        net, own = nn.Linear(1, 1), []

        def loss(step: int, own: list[float] = own, net: nn.Linear = net, n: int = extra) -> Tensor:
            own.append(float(torch.rand(())))
            torch.rand(n)
            return net.weight.sum()

        train("toy", net, steps=3, batch=lambda step: step, loss=loss, ctx=MemoryContext(),
              optimizer=torch.optim.SGD(net.parameters(), lr=0.1))
        drawn.append(own)
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 3


CLASSES = ("anger", "fear")


def video(number: int, label: str) -> Clip:
    """One grey per clip."""
    return Clip(f"c{number}", np.full((4, 8, 8, 3), 10 * number, np.uint8), "vis", label=label)


def videos(first: int, count: int) -> ClipList:
    return ClipList([video(k, CLASSES[k % 2]) for k in range(first, first + count)])


INPUTS = ClipInput(FrameSampling(2), ClipView(8, (1.0, 1.0), flip=0.0))


class Judge(nn.Module):
    """Calls clips `fear` where its weight says so; counts what it is shown outside of training."""

    def __init__(self) -> None:
        super().__init__()
        self.fear = nn.Parameter(torch.zeros(()))
        self.evaluated: list[bool] = []

    def forward(self, x: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            self.evaluated.append(not self.training)
        return torch.stack([x.new_zeros(len(x)), self.fear.expand(len(x))], 1)


def fit(patch: pytest.MonkeyPatch, selection: Any = "last", **given: Any) -> tuple[Recorder, Judge]:
    loop, judge = Recorder.install(patch, clip_training), Judge()
    data = TrainingData(
        videos(0, 5), videos(5, 2), ClipList([]), given.pop("validation", ClipList([])), CLASSES)
    train_on_clips(
        "toy", judge, judge, data=data, inputs=INPUTS, ctx=given.pop("ctx", MemoryContext()),
        recipe=ClipRecipe(4, 3, lambda epoch: 1 / (1 + epoch), selection),
        optimizer=torch.optim.SGD(judge.parameters(), lr=1.0),
    )
    return loop, judge


def test_an_epoch_of_videos_takes_each_once_at_the_epoch_s_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop, judge = fit(monkeypatch)
    assert loop.given["steps"] == 4 * 3
    rates = [loop.given["rate"](step) for step in range(12)]
    assert rates == pytest.approx(list(np.repeat([1, 1 / 2, 1 / 3, 1 / 4], 3)))
    orders = []
    for epoch in range(2):
        seen: list[int] = []
        for step in range(3 * epoch, 3 * epoch + 3):
            x, y = loop.given["batch"](step)
            assert x.shape[1:] == (2, 3, 8, 8)
            greys = (x[:, 0, 0, 0, 0] * 25.5).round().int()
            assert (greys % 2 == y).all()
            seen += greys.tolist()
        assert sorted(seen) == list(range(7))
        orders.append(seen)
    assert orders[0] != orders[1]
    x, y = loop.given["batch"](0)
    judge.fear.data.fill_(0.3)
    torch.testing.assert_close(loop.given["loss"]((x, y)), F.cross_entropy(judge(x), y))


def test_the_best_epoch_is_the_first_with_the_most_right_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two thirds of the validation clips are `fear`."""
    with pytest.raises(RefusedError, match="validation"):
        fit(monkeypatch, "best_on_validation")
    held = ClipList([video(k, "fear" if k % 3 else "anger") for k in range(9)])
    ctx, weights = MemoryContext(), [-1.0, 2.0, 3.0, -2.0]
    shares: list[float] = []

    def pretend(name: str, module: Any, **given: Any) -> float:
        module.train()
        for step in range(12):
            if step % 3 == 2:
                module.fear.data.fill_(weights[step // 3])
            given["after_step"](step)
            shares.append(float(given["ema"].get_buffer("share")))
            assert module.training
        return 0.5

    monkeypatch.setattr(clip_training, "train", pretend)
    judge = Judge()
    data = TrainingData(videos(0, 7), ClipList([]), ClipList([]), held, CLASSES)
    monkeypatch.setattr(judge, "training", True)
    final = train_on_clips(
        "toy", judge, judge, data=data, inputs=INPUTS, ctx=ctx,
        recipe=ClipRecipe(4, 3, lambda epoch: 1.0, "best_on_validation"),
        optimizer=torch.optim.SGD(judge.parameters(), lr=1.0),
    )
    assert float(judge.fear) == 2.0
    assert judge.evaluated == [True] * 12  # nine clips, three at a time, four epochs
    assert shares[1] == -1.0
    assert shares[2] == pytest.approx(1 / 3)
    assert shares[5] == shares[-1] == pytest.approx(2 / 3)
    assert ctx.reports == {"validation_accuracy": 0.6667, "training_loss": 0.5}
    assert final == 0.5
