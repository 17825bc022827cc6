"""The transformer over frames: equal with fused and separate matrices, and sensitive to order."""

from __future__ import annotations

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
