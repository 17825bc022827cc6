"""VPT on CLIP against official code: logits, loss and gradients of the prompts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from irfer_bench.contracts.params import resolve
from irfer_clip.prompting import encode_text, normalize
from irfer_clip.vpt import VisionPrompts, Vpt
from irfer_clip.vpt_params import VptParams
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS = 1e-5, 1e-5


@pytest.mark.parametrize("path", fixtures("recognizers", "vpt"))
def test_logits_loss_and_gradients(path: Path) -> None:
    t, metadata = tensors_of(path)
    config = json.loads(metadata["config"])
    n, layers = int(metadata["n_ctx_vision"]), int(metadata["depth_vision"])
    official = [
        "image_encoder.VPT",
        *(f"image_encoder.transformer.resblocks.{i}.VPT_shallow" for i in range(1, layers)),
    ]
    assert official == json.loads(metadata["trainable"])
    learned = {k: v for k, v in t.items() if not k.startswith("clip.visual") or "VPT" not in k}
    clip = clip_of(learned, config)
    given = {"n": n, "depth": layers}
    vpt = Vpt(resolve(VptParams, component="vpt", given=given))
    model = vpt.build(clip, len(config["classes"]))
    assert isinstance(model, VisionPrompts)
    assert [name for name, _ in model.named_parameters()] == [
        f"prompts.{i}" for i in range(layers)
    ]
    with torch.no_grad():
        for prompt, name in zip(model.prompts, official, strict=True):
            prompt.copy_(t[f"state_dict.{name}"])
    texts = encode_text(clip, t["input.token_ids"])
    assert error(texts, t["output.fixed_text_features_raw"]) < LOGITS
    x = vpt.images(model, clip, t["input.image"])
    logits = vpt.logits(model, x, normalize(texts), clip.logit_scale.exp())
    assert error(logits, t["output.logits"]) < LOGITS
    loss = F.cross_entropy(logits, t["input.label"])
    assert error(loss, t["output.loss"]) < LOGITS
    loss.backward()  # type: ignore[no-untyped-call]
    for prompt, name in zip(model.prompts, official, strict=True):
        assert prompt.grad is not None
        assert error(prompt.grad, t[f"grad.{name}"]) < GRADS, name
