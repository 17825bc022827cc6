"""Image-guided alignment by its equations (9) and (10), and how uniform its attention is."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
import torch

from irfer_clip.iga import ImageGuidedAlignment, entropy

D, C = 56, 3


def unit(x: Any) -> Any:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def normalised(x: Any, kind: str, own: dict[str, Any], name: str) -> Any:
    """After a hidden layer; batch norm by what it has seen in training."""
    if kind == "none":
        return x
    if kind == "batch":
        mean, variance = own[f"{name}.running_mean"], own[f"{name}.running_var"]
    else:
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    scaled = (x - mean) / np.sqrt(variance + 1e-5)
    return scaled * own[f"{name}.weight"] + own[f"{name}.bias"]


def projected(x: Any, kind: str, split: str, own: dict[str, Any]) -> tuple[Any, Any, Any]:
    """f_pr: three layers, of which the last gives Q, K and V."""
    for k in range(2):
        x = x @ own[f"pre.{k}.weight"].T + own[f"pre.{k}.bias"]
        x = np.maximum(normalised(x, kind, own, f"bn.{k}"), 0)
    x = x @ own["pre.2.weight"].T + own["pre.2.bias"]
    if split == "interleaved":
        return x[:, 0::3], x[:, 1::3], x[:, 2::3]
    return x[:, :D], x[:, D : 2 * D], x[:, 2 * D :]


@pytest.mark.parametrize("kind", ["batch", "layer", "none"])
@pytest.mark.parametrize("split", ["contiguous", "interleaved"])
@pytest.mark.parametrize("learnable", [False, True])
def test_features_are_moved_to_what_the_centres_give_them(
    kind: Any, split: Any, learnable: bool
) -> None:
    torch.manual_seed(0)
    model = ImageGuidedAlignment(
        D, norm=kind, epsilon=2.5, learnable=learnable, split=split).eval()
    for name, value in [*model.named_parameters(), *model.named_buffers()]:
        if name.startswith("bn.") and value.is_floating_point():
            value.data.uniform_(0.5, 1.5)
    assert [tuple(layer.weight.shape) for layer in model.pre] == [  # type: ignore[union-attr]
        (D // 8, D), (D // 8, D // 8), (3 * D, D // 8)]
    assert isinstance(model.epsilon, torch.Tensor) == learnable
    assert ImageGuidedAlignment(D, epsilon=2.5).epsilon == 2.5
    own = {name: value.double().numpy() for name, value in model.state_dict().items()}
    x, source, target = unit(np.random.default_rng(0).normal(size=(C, 4, D)))
    source, target = source[:C], target[:C]
    q, expected, maps = projected(x, kind, split, own)[0], 0.0, []
    for centres in (source, target):
        _, k, v = projected(centres, kind, split, own)
        weights = np.exp(q @ k.T / 2.5)
        maps.append(weights / weights.sum(1, keepdims=True))
        moved = maps[-1] @ v @ own["post.weight"].T + own["post.bias"]
        expected = expected + unit(x + moved)
    with torch.no_grad():
        found, attention = model(*(torch.from_numpy(y).float() for y in (x, source, target)))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)
    for ours, theirs in zip(attention, maps, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-5)


def test_entropy_is_one_where_attention_is_uniform_and_zero_where_it_is_sure() -> None:
    assert float(entropy(torch.full((5, 7), 1 / 7))) == pytest.approx(1.0)
    assert float(entropy(torch.eye(4))) == pytest.approx(0.0, abs=1e-6)
    rows = torch.tensor([[0.5, 0.5, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert float(entropy(rows)) == pytest.approx(log(2) / 2 / log(4))
    assert float(entropy(torch.ones(3, 1))) == pytest.approx(0.0, abs=1e-6)  # one class
