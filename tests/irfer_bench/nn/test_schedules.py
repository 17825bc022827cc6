"""Closed forms of learning-rate schedules and averaged weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from irfer_bench.nn.ema import averaging
from irfer_bench.nn.schedules import cosine, linear, warm_up


def test_warm_up_reaches_one_and_stays_there() -> None:
    assert [warm_up(step, 4) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert warm_up(0, 0) == 1.0
    # In epochs, with steps of a tenth: the first step is not 0.
    assert warm_up(0.0, 1.1, first=0.1) == pytest.approx(1 / 11)


def test_linear_holds_and_then_falls_to_zero() -> None:
    rates = [linear(step, 10, hold=4) for step in range(12)]
    assert rates[:5] == [1.0] * 5
    assert rates[7] == pytest.approx(0.5)
    assert rates[10:] == [0.0, 0.0]
    assert linear(0, 0) == 0.0


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
