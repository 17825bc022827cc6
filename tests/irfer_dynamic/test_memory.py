"""Peak memory of a training step of MMA-DFER, against the order of the public code."""

from __future__ import annotations

import torch

from irfer_dynamic.encoder_recognizer import AT_ONCE
from tests.benchmarks.memory import TensorMemory
from tests.benchmarks.mma_dfer import (
    batch,
    network,
    peak_of_the_papers_step,
    published,
    step,
    step_of_ours,
)


def test_storages_count_once_and_while_they_are_alive() -> None:
    given = torch.zeros(1000)
    with TensorMemory([given]) as memory:
        doubled = given + given
        seen = doubled.view(10, 100).mT
        del doubled
        assert memory.peak == 8000
        del seen
        torch.zeros(500)
        assert memory.peak == 8000
        torch.zeros(1500)
    assert memory.peak == 10_000


def test_a_step_needs_less_than_in_the_public_codes_order() -> None:
    model = network()
    drawn = batch(model, 2)
    peaks = []
    for forward in (model, published(model)):
        with TensorMemory([*model.parameters(), *drawn]) as memory:
            step(forward, model, drawn)
        peaks.append(memory.peak)
    assert peaks[0] < 0.9 * peaks[1]


def test_the_papers_largest_step_needs_at_most_60_percent_of_the_memory() -> None:
    half, theirs = peak_of_the_papers_step(tiny=False, bf16=True)
    full, _ = peak_of_the_papers_step(tiny=False, bf16=False)
    assert half < full < 0.6 * theirs


def test_a_batch_in_parts_has_the_loss_and_the_gradients_of_the_whole() -> None:
    model = network(tiny=True)
    drawn = batch(model, 2 * AT_ONCE + 1)
    found = []
    for take_step in (step_of_ours, step):
        loss = take_step(model, model, drawn)
        found.append([loss, *(p.grad for p in model.parameters() if p.grad is not None)])
    assert len(found[0]) > 20
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
