"""Peak memory of a training step of MMA-DFER, against the order of the public code."""

from __future__ import annotations

import torch

from tests.benchmarks.memory import TensorMemory
from tests.benchmarks.mma_dfer import batch, network, peak_of_the_papers_step, published, step


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


def test_the_papers_largest_step_in_bf16_needs_little_over_half_of_the_memory() -> None:
    half, theirs = peak_of_the_papers_step(tiny=False, bf16=True)
    assert half < 0.6 * theirs
    full, _ = peak_of_the_papers_step(tiny=False, bf16=False)
    assert full < 0.9 * theirs
