"""The transformer over frames: equal with fused and separate matrices, and sensitive to order."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.nn.temporal_transformer import TemporalTransformer, from_official


def _make(fused: bool) -> TemporalTransformer:
    torch.manual_seed(0)
    return TemporalTransformer(
        12, 6, depth=2, heads=2, head_width=5, hidden=20, fused=fused).eval()


def test_fused_and_separate_matrices_compute_the_same() -> None:
    fused, separate = _make(True), _make(False)
    given = {}
    for name, value in fused.state_dict().items():
        if ".qkv." in name:
            given[name.replace("qkv", "q")] = value[:10]
            given[name.replace("qkv", "kv")] = value[10:]
        else:
            given[name] = value
    separate.load_state_dict(given)
    x = torch.randn(3, 6, 12)
    assert torch.allclose(fused(x), separate(x), atol=1e-6)


def test_the_order_of_frames_matters_and_short_clips_pass() -> None:
    model, x = _make(True), torch.randn(2, 6, 12)
    assert not torch.allclose(model(x), model(x.flip(1)), atol=1e-3)
    assert model(x[:, :1]).shape == (2, 12)


def test_names_of_the_public_code_are_understood() -> None:
    official = {
        "temporal_net.cls_token": torch.zeros(1, 1, 12),
        "temporal_net.pos_embedding": torch.zeros(1, 7, 12),
        "vision_proj.weight": torch.zeros(1),
    }
    layer = "temporal_net.temporal_transformer.layers.{}."
    for i in range(2):
        for name in ("0.fn.norm", "0.fn.norm2", "1.fn.norm", "1.fn.norm2", "0.fn.fn.to_out.0",
                     "1.fn.fn.net.0", "1.fn.fn.net.3"):
            for kind in ("weight", "bias"):
                official[layer.format(i) + f"{name}.{kind}"] = torch.zeros(1)
        official[layer.format(i) + "0.fn.fn.to_q.weight"] = torch.zeros(1)
        official[layer.format(i) + "0.fn.fn.to_kv.weight"] = torch.zeros(1)
    assert from_official(official).keys() == _make(False).state_dict().keys()


def normalised(x: Any) -> Any:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("frames", [6, 3])
def test_the_class_token_follows_the_equations(frames: int) -> None:
    """Those of the module's page, for two layers of two heads of five."""
    model, x = _make(True), torch.randn(2, frames, 12, generator=torch.Generator().manual_seed(3))
    w = {name: value.detach().double().numpy() for name, value in model.named_parameters()}
    for k in range(2):
        # New norms have weight 1 and bias 0, which would hide a missing one.
        for norm in ("attention_norm", "mlp_norm"):
            for kind in ("weight", "bias"):
                name = f"layers.{k}.{norm}.{kind}"
                w[name] = np.linspace(0.5, 1.5, 12) * (k + 1)
                model.get_parameter(name).data.copy_(torch.from_numpy(w[name]))
    for clip, found in zip(x.double().numpy(), model(x).detach().numpy(), strict=True):
        y = np.concatenate([w["cls_token"][0], clip]) + w["positions"][0, : frames + 1]
        for k in range(2):
            own = {name.removeprefix(f"layers.{k}."): v for name, v in w.items()}
            z = normalised(y) * own["attention_norm.weight"] + own["attention_norm.bias"]
            q, key, v = np.split(z @ own["attention.qkv.weight"].T, 3, axis=1)
            heads = []
            for columns in (slice(0, 5), slice(5, 10)):
                weights = np.exp(q[:, columns] @ key[:, columns].T / sqrt(5))
                heads.append(weights / weights.sum(1, keepdims=True) @ v[:, columns])
            y = y + np.concatenate(heads, 1) @ own["attention.out.weight"].T
            y = y + own["attention.out.bias"]
            z = normalised(y) * own["mlp_norm.weight"] + own["mlp_norm.bias"]
            h = z @ own["mlp.0.weight"].T + own["mlp.0.bias"]
            h = h / 2 * (1 + np.tanh(sqrt(2 / pi) * (h + 0.044715 * h**3)))
            y = y + h @ own["mlp.2.weight"].T + own["mlp.2.bias"]
        np.testing.assert_allclose(found, y[0], atol=1e-5)


def test_class_token_and_positions_start_from_the_normal_distribution() -> None:
    torch.manual_seed(0)
    model = TemporalTransformer(200, 20, depth=1, heads=2, head_width=4, hidden=8)
    assert model.cls_token.shape == (1, 1, 200)
    # One matrix unless told otherwise, as two of the three public codes have it.
    assert model.get_parameter("layers.0.attention.qkv.weight").shape == (3 * 8, 200)
    assert model.positions.shape == (1, 21, 200)
    for value in (model.cls_token, model.positions):
        assert abs(float(value.detach().mean())) < 0.2
        assert float(value.detach().std()) == pytest.approx(1.0, abs=0.15)
