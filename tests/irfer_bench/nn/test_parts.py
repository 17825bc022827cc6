"""A batch in parts gives what it gives whole."""

from __future__ import annotations

import threading
from collections.abc import Iterator

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


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch computes with two threads, as on a machine of two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Watched:
    """Doubles a batch; keeps the sizes it was given, its threads and what they compute with."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.threads: set[str] = set()
        self.computing: set[int] = set()

    def __call__(self, x: Tensor) -> Tensor:
        self.sizes.append(len(x))
        self.threads.add(threading.current_thread().name)
        self.computing.add(torch.get_num_threads())
        return 2 * x


@pytest.mark.usefixtures("two_threads")
def test_a_batch_has_as_many_parts_as_torch_has_threads_unless_told() -> None:
    for parts, sizes in ((0, [2, 3]), (1, [5]), (2, [2, 3]), (3, [1, 2, 2])):
        watched = Watched()
        with in_parts(watched, [], parts) as run:
            torch.testing.assert_close(run(torch.ones(5, 2)), torch.full((5, 2), 2.0))
            if parts == 1:
                assert run is watched
        assert sorted(watched.sizes) == sizes
        inside = threading.current_thread().name in watched.threads
        assert inside == (parts == 1)
        assert watched.computing == {2 if parts == 1 else 1}, "no thread starts threads of its own"


@pytest.mark.usefixtures("two_threads")
def test_afterwards_torch_computes_as_before_and_no_thread_is_left() -> None:
    before = torch.__config__.parallel_info()
    with in_parts(Watched(), [], 2) as run:
        run(torch.ones(4, 1))
        assert [t for t in threading.enumerate() if t.name.startswith("parts")]
    assert torch.__config__.parallel_info() == before
    assert not [t for t in threading.enumerate() if t.name.startswith("parts")]


def test_inputs_have_no_gradient_and_nothing_is_kept_where_none_is_needed() -> None:
    weight, x = nn.Parameter(torch.ones(1)), torch.ones(4, 1, requires_grad=True)
    with in_parts(lambda x: x * weight, [weight], 2) as run:
        run(x).sum().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            assert not run(x).requires_grad
    assert x.grad is None
    torch.testing.assert_close(weight.grad, torch.full((1,), 4.0))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_parameter_that_one_part_alone_uses_has_that_part_s_gradient(part: int) -> None:
    """Which layers a network takes may follow from what it is shown."""
    rare, common = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    x = torch.zeros(6, 1)
    x[2 * part : 2 * part + 2] = 3.0
    with in_parts(lambda x: x * rare if x.any() else x + common, [rare, common], 3) as run:
        run(x).sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(rare.grad, torch.full((1,), 6.0))
    torch.testing.assert_close(common.grad, torch.full((1,), 4.0))
