"""Muon: orthogonal updates, equal to the plain iteration, and who is updated by whom."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from irfer_bench.nn.muon import COEFFICIENTS, Muon, orthogonalize, split_optimizers


def plain(x: Tensor) -> Tensor:
    """The post's iteration as it is written, for wide matrices."""
    a, b, c = COEFFICIENTS
    x = x / x.norm(dim=(1, 2), keepdim=True)
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


@pytest.mark.parametrize("shape", [(3, 6, 20), (2, 20, 6), (1, 5, 5)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int, int]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    made = torch.stack(orthogonalize([*x]))
    u, values, v = torch.linalg.svd(x, full_matrices=False)
    large = values / values.norm(dim=1, keepdim=True) > 0.05
    rotated = (u.mT @ made @ v.mT).diagonal(dim1=1, dim2=2)
    assert ((rotated[large] > 0.6) & (rotated[large] < 1.3)).all()
    wide = x.mT if shape[1] > shape[2] else x
    expected = plain(wide)
    torch.testing.assert_close(
        made, expected.mT if shape[1] > shape[2] else expected, atol=1e-4, rtol=1e-3
    )


def test_matrices_of_several_shapes_come_back_each_as_it_would_alone() -> None:
    generator = torch.Generator().manual_seed(2)
    given = [torch.randn(shape, generator=generator) for shape in ((4, 9), (9, 4), (4, 30), (6, 6))]
    for made, matrix in zip(orthogonalize(given), given, strict=True):
        torch.testing.assert_close(made, orthogonalize([matrix])[0], atol=1e-4, rtol=1e-3)


def test_hidden_weights_go_to_muon_and_the_rest_to_adamw() -> None:
    net = nn.ModuleDict({
        "conv_in": nn.Conv2d(3, 4, 3), "mid": nn.Conv2d(4, 4, 3), "conv_out": nn.Conv2d(4, 3, 3),
    })
    (alone,) = split_optimizers(net, 1e-3, 0.0)
    assert [id(p) for p in alone.param_groups[0]["params"]] == [id(p) for p in net.parameters()]
    adamw, muon = split_optimizers(net, 1e-3, 0.02, outer=("conv_in", "conv_out"))
    assert [tuple(p.shape) for p in muon.param_groups[0]["params"]] == [(4, 4, 3, 3)]
    assert len(adamw.param_groups[0]["params"]) == 5


def test_a_step_has_the_size_of_the_rate_whatever_the_gradient_is() -> None:
    weights = [nn.Parameter(torch.zeros(4, 12)) for _ in range(2)]
    gradient = torch.randn(4, 12, generator=torch.Generator().manual_seed(1))
    for weight, scale in zip(weights, (1e-3, 1e3), strict=True):
        weight.grad = gradient * scale
    Muon(weights, lr=0.1).step()
    torch.testing.assert_close(weights[0], weights[1], atol=1e-4, rtol=1e-3)
    assert 0.05 < float(torch.linalg.matrix_norm(weights[0].detach(), 2)) < 0.13


def expected_changes(gradients: list[Tensor]) -> list[Tensor]:
    """The post's updates of one matrix by its successive gradients, without rate and size."""
    momentum, changes = torch.zeros_like(gradients[0]), []
    for gradient in gradients:
        momentum = 0.95 * momentum + 0.05 * gradient
        nesterov = (0.95 * momentum + 0.05 * gradient).flatten(1)
        tall = len(nesterov) > nesterov.shape[1]
        wide = plain((nesterov.mT if tall else nesterov)[None])[0]
        changes.append((wide.mT if tall else wide).view_as(gradient))
    return changes


def after_steps(shape: tuple[int, ...], **given: Any) -> tuple[Tensor, Tensor, list[Tensor]]:
    """A weight before and after three steps of Muon, and its gradients."""
    generator = torch.Generator().manual_seed(len(shape) + shape[0])
    weight = nn.Parameter(torch.randn(shape, generator=generator))
    before = weight.detach().clone()
    gradients = [torch.randn(shape, generator=generator) for _ in range(3)]
    muon = Muon([weight], **given)
    for gradient in gradients:
        weight.grad = gradient.clone()
        muon.step()
    return before, weight.detach(), gradients


@pytest.mark.parametrize(
    ("shape", "size"), [((4, 9), 1.0), ((9, 4), 1.5), ((8, 2, 1, 1), 2.0), ((4, 2, 3, 3), 1.0)]
)
def test_steps_follow_the_post_s_equations(shape: tuple[int, ...], size: float) -> None:
    """Nesterov momentum of 0.95, made orthogonal, times sqrt(max(1, rows / columns)) and 0.02."""
    before, after, gradients = after_steps(shape)
    expected = before - 0.02 * size * sum(expected_changes(gradients))
    torch.testing.assert_close(after, expected, atol=1e-5, rtol=1e-3)


def test_decay_shrinks_weights_by_the_rate_apart_from_the_update() -> None:
    before, after, gradients = after_steps((4, 9), lr=0.1, weight_decay=0.5)
    expected = before
    for change in expected_changes(gradients):
        expected = expected * 0.95 - 0.1 * change
    torch.testing.assert_close(after, expected, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize(("shape", "parts"), [((12, 4), 3), ((4, 12), 1), ((8, 4), 1)])
def test_stacked_projections_of_an_attention_are_matrices_of_their_own(
    shape: tuple[int, int], parts: int
) -> None:
    """Of size 0.2 sqrt(longer side), about that of AdamW's updates."""
    before, after, gradients = after_steps(shape, lr=0.1, attention=True)
    size = 0.2 * max(shape[0] // parts, shape[1]) ** 0.5
    changes = [
        sum(expected_changes([gradient.chunk(parts)[k] for gradient in gradients]))
        for k in range(parts)
    ]
    expected = before - 0.1 * size * torch.cat([torch.as_tensor(change) for change in changes])
    torch.testing.assert_close(after, expected, atol=1e-5, rtol=1e-3)
    apart = after_steps(shape, lr=0.1, attention=False)[1]
    assert not torch.allclose(after, apart, atol=1e-3)


def test_weights_without_a_gradient_stay_and_a_gradient_of_zero_moves_nothing() -> None:
    frozen, still = nn.Parameter(torch.ones(2, 3)), nn.Parameter(torch.ones(2, 3))
    still.grad = torch.zeros(2, 3)
    muon = Muon([frozen, still], weight_decay=0.0)
    muon.step()
    assert torch.equal(frozen, torch.ones(2, 3))
    assert torch.equal(still, torch.ones(2, 3))
    assert frozen not in muon.state
    assert not still.grad.any(), "gradients are not touched"


def test_matrices_are_hidden_weights_and_vectors_are_not() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))
    adamw, muon = split_optimizers(net, 1e-3, 0.02, weight_decay=0.3, outer=("2.",))
    assert [tuple(p.shape) for p in muon.param_groups[0]["params"]] == [(4, 3)]
    assert (muon.param_groups[0]["lr"], adamw.param_groups[0]["lr"]) == (0.02, 1e-3)
    assert adamw.param_groups[0]["weight_decay"] == 0.3
    (alone,) = split_optimizers(net, 1e-3, 0.02, outer=("0.", "2."))
    assert (len(alone.param_groups[0]["params"]), alone.param_groups[0]["weight_decay"]) == (6, 0.0)
