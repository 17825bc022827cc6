"""A batch in parts gives what it gives whole."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from irfer_bench.nn.parts import in_parts


def gradients(net: nn.Module, x: Tensor, t: Tensor, parts: int) -> tuple[Tensor, list[Tensor]]:
    net.zero_grad()
    with in_parts(lambda x, t: net(x) * t[:, None], list(net.parameters()), parts) as run:
        output = run(x, t)
        output.square().mean().backward()  # type: ignore[no-untyped-call]
    return output.detach(), [p.grad.clone() for p in net.parameters() if p.grad is not None]


@pytest.mark.parametrize("parts", [2, 3])
def test_outputs_and_gradients_are_those_of_the_whole_batch(parts: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 2))
    x, t = torch.randn(5, 4), torch.rand(5)
    whole, expected = gradients(net, x, t, 1)
    output, found = gradients(net, x, t, parts)
    torch.testing.assert_close(output, whole)
    assert len(found) == len(expected) == 4
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_threads_are_as_before_and_errors_come_through() -> None:
    before = torch.get_num_threads()

    def fail(x: Tensor) -> Tensor:
        raise ValueError("no such layer")

    with pytest.raises(ValueError, match="no such layer"), in_parts(fail, [], 2) as run:
        run(torch.zeros(4, 1))
    assert torch.get_num_threads() == before


def test_an_unused_parameter_has_no_gradient() -> None:
    used, unused = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    with in_parts(lambda x: x * used, [used, unused], 2) as run:
        run(torch.ones(4, 1)).sum().backward()  # type: ignore[no-untyped-call]
    assert unused.grad is None
    torch.testing.assert_close(used.grad, torch.full((1,), 4.0))
