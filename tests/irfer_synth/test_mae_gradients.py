"""What the mini encoder of faces is trained to predict, and where its patch embedding begins."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from irfer_synth.mae import FACE, MaskedAutoencoder
from irfer_synth.mae_gradients import BINS, CELL, GradientPrediction, oriented_gradients, whiten

SHAPE = replace(FACE, size=(32, 32), width=24, depth=2, heads=2, decoder_width=16)


def stripes(angle: float, side: int = 32) -> Tensor:
    """(1, 3, side, side) waves whose gradient lies at an angle in degrees."""
    down, across = torch.meshgrid(*(torch.arange(side).float(),) * 2, indexing="ij")
    turn = torch.deg2rad(torch.tensor(angle))
    return torch.sin(0.4 * (across * turn.cos() + down * turn.sin())).expand(1, 3, -1, -1)


@pytest.mark.parametrize("number", range(BINS))
def test_an_edge_votes_for_its_direction(number: int) -> None:
    votes = oriented_gradients(stripes(180 / BINS * number), 8).reshape(-1, BINS).sum(0)
    assert int(votes.argmax()) == number
    opposite = oriented_gradients(-stripes(180 / BINS * number), 8)
    assert torch.allclose(votes, opposite.reshape(-1, BINS).sum(0), atol=1e-3)


def test_histograms_are_as_strong_in_dim_patches_as_in_bright_ones() -> None:
    found = oriented_gradients(3 * stripes(40), 8)
    assert found.shape == (1, (32 // CELL) ** 2 * BINS)
    assert torch.allclose(found, oriented_gradients(6 * stripes(40), 8), atol=0.02)
    assert not oriented_gradients(torch.full((1, 3, 32, 32), 5.0), 8).abs().max() > 1e-2


def test_a_whitened_embedding_gives_edges_and_brightness_the_same_weight() -> None:
    torch.manual_seed(0)
    views = 3 * torch.randn(400, 1, 1, 1) + 0.2 * torch.randn(400, 3, 32, 32)
    model = MaskedAutoencoder(SHAPE)
    before = model.patch_embed(views).flatten(0, 1)
    whiten(model, views, floor=0.0)
    after = model.patch_embed(views).flatten(0, 1)
    assert torch.allclose(after.mean(0), torch.zeros(24), atol=0.02)
    assert torch.allclose(after.T.cov(), torch.eye(24), atol=0.05)
    assert torch.linalg.eigvalsh(before.T.cov())[[0, -1]].log().diff() > 3


def test_the_class_token_learns_the_gradients_of_what_it_sees() -> None:
    torch.manual_seed(0)
    angles = torch.rand(300) * 180
    views = torch.cat([stripes(float(angle)) for angle in angles])
    objective = GradientPrediction(MaskedAutoencoder(SHAPE), views)
    optimizer = torch.optim.AdamW(objective.parameters(), 3e-3)
    losses = []
    for _ in range(60):
        loss = objective(views[torch.randint(len(views), (32,))])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.8
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
