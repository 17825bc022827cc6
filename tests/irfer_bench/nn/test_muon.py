"""Muon: orthogonal updates, equal to the plain iteration, and who is updated by whom."""

from __future__ import annotations

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
