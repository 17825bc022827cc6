"""Closed forms of learning-rate schedules and averaged weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from irfer_bench.nn.ema import averaging
from irfer_bench.nn.schedules import cosine, linear, step_decay, warm_up, warmup_cosine


def test_warm_up_reaches_one_and_stays_there() -> None:
    assert [warm_up(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert warm_up(0, 0) == 1.0
    # In epochs, with steps of a tenth: the first step is not 0.
    assert warm_up(0.0, 1.1, first=0.1) == pytest.approx(1 / 11)
    assert warm_up(0.0, 0.5, first=0.1) == pytest.approx(1 / 5)


def test_linear_holds_and_then_falls_to_zero() -> None:
    rates = [linear(step, 10, hold=4) for step in range(12)]
    assert rates[:5] == [1.0] * 5
    assert rates[7] == pytest.approx(0.5)
    assert rates[10:] == [0.0, 0.0]
    assert linear(0, 0) == 0.0
    assert [linear(step, 1) for step in range(2)] == [1.0, 0.0]
    assert [linear(step, 4) for step in range(5)] == [1.0, 0.75, 0.5, 0.25, 0.0]
    assert [linear(step, 4, hold=4) for step in range(5)] == [1.0, 1.0, 1.0, 1.0, 0.0]


def test_steps_of_decay_are_those_of_torch_s_scheduler() -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 5])
    for epoch in range(8):
        assert step_decay(epoch, (2, 5)) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()
    assert step_decay(3, range(2, 8, 2), 0.5) == 0.5


def test_the_coop_family_warms_up_for_one_epoch_at_1e_5() -> None:
    """WARMUP_EPOCH 1 and WARMUP_CONS_LR 1e-5 of the public code's configuration files."""
    rates = [warmup_cosine(epoch, 50, 2e-3) for epoch in range(50)]
    assert rates[:2] == [1e-5, 2e-3]
    assert rates[26] == pytest.approx(1e-3)
    assert [warmup_cosine(epoch, 50, 1.0, warmup=0.1, warmup_epochs=3) for epoch in range(4)] == [
        0.1, 0.1, 0.1, 1.0]


def test_warm_up_and_cosine_compose() -> None:
    rates = [warm_up(step, 3 + 1) * cosine(step, 20, 1.0) for step in range(20)]
    assert rates[0] == 0.25
    assert rates[10] == pytest.approx(0.5)
    assert 0 < rates[-1] < 0.01 + (1 + math.cos(math.pi * 19 / 20)) / 2


def test_averaged_weights_forget_their_start_and_then_follow_slowly() -> None:
    net = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(net.weight)
    averaged, update = averaging(net, 0.5)
    nn.init.ones_(net.weight)
    expected = 0.0
    for step in range(20):
        update(step)
        kept = min(0.5, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept)
        assert float(averaged.weight.detach()) == pytest.approx(expected)  # type: ignore[arg-type]
    assert not any(p.requires_grad for p in averaged.parameters())


def test_whole_numbers_are_copied_and_not_averaged() -> None:
    net = nn.BatchNorm1d(2)
    averaged, update = averaging(net, 0.9)
    net(torch.randn(4, 2))
    update(0)
    assert int(averaged.num_batches_tracked) == 1  # type: ignore[arg-type]
