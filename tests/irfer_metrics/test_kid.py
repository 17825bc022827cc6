"""KID: subsets, missing weights, and the poolings of the Inception of 2015."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import UnavailableError
from irfer_metrics import kid as module
from irfer_metrics.alignment import kid_poly3
from tests.irfer_metrics.given import clip, inputs, make


def test_few_images_are_one_subset_and_many_are_averaged_with_a_fixed_seed() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 60, 5))
    assert module.kid(x, y + 1) == kid_poly3(x, y + 1)
    x, y = random.normal(size=(2, 400, 5))
    assert module.kid(x, y + 1) == module.kid(x, y + 1)
    assert module.kid(x, y + 1) == pytest.approx(kid_poly3(x, y + 1), rel=0.1)
    assert abs(module.kid(x, y)) < 0.05


def test_missing_weights_are_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRFER_BENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    module._network.cache_clear()
    with pytest.raises(UnavailableError, match=module.FILE) as error:
        make("kid").compute(inputs())
    assert module.URL in str(error.value) and str(tmp_path / "weights") in str(error.value)


def test_features_of_pairs_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """With any network: one row per frame, the order of the pairs is nothing."""
    import torch

    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones(()))

        def forward(self, images: Any) -> Any:
            assert images.shape[1:] == (3, 299, 299) and images.abs().max() <= 1.01
            return torch.nn.functional.adaptive_avg_pool2d(images, 2).flatten(1) * self.scale

    monkeypatch.setattr(module, "_network", Mean)
    given = inputs(9, size=24)
    pairs = [(clip(a.frames, str(k)), clip(b.frames)) for k, (a, b) in enumerate(given.pairs or ())]
    whole = make("kid").compute(inputs(9, pairs=pairs))
    assert make("kid").compute(inputs(9, pairs=pairs[::-1])) == pytest.approx(whole)
    assert make("kid").compute(inputs(9, pairs=[(b, b) for _, b in pairs])) < whole
    with pytest.raises(UnavailableError, match="two images"):
        one = clip(given.pairs[0][0].frames[:1])  # type: ignore[index]
        make("kid").compute(inputs(9, pairs=[(one, one)]))


def test_averages_leave_out_the_border() -> None:
    import torch
    from torch.nn import functional

    images = torch.rand(2, 3, 7, 5)
    padded = functional.avg_pool2d(images, 3, 1, 1)
    bare = functional.avg_pool2d(images, 3, 1, 1, count_include_pad=False)
    assert torch.allclose(module._without_border(None, [padded]), bare)


def test_the_last_block_takes_a_maximum() -> None:
    import torch
    from torch.nn import functional

    network = module.inception()
    last = network.get_submodule("Mixed_7c").to_empty(device="cpu").eval()
    for tensor in (*last.parameters(), *last.buffers()):
        tensor.data.zero_() if tensor.dtype == torch.int64 else tensor.data.fill_(0.01)
    images = torch.rand(1, 2048, 4, 4)
    seen: list[Any] = []
    pool = last.get_submodule("branch_pool")
    pool.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    last(images)
    assert torch.equal(seen[0], functional.max_pool2d(images, 3, 1, 1))
