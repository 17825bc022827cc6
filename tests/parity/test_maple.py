"""MaPLe and IVLP against official code: features, logits, loss and gradients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_clip.classifier import scaled_cosine
from irfer_clip.ivlp import IvlpModel
from irfer_clip.maple import MapleModel
from irfer_clip.prompting import normalize
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS = 1e-5, 1e-5


@pytest.mark.parametrize("path", fixtures("recognizers", "maple"))
def test_maple(path: Path) -> None:
    t, metadata = tensors_of(path)
    clip = clip_of(t, json.loads(metadata["config"]))
    layers = int(metadata["prompt_depth"])
    model = MapleModel(clip, k=int(metadata["n_ctx"]), layers=layers, clone_init=True)
    learner = "prompt_learner."
    official = {"text_prompts.0": f"{learner}ctx"}
    official |= {f"vl_proj.0.{x}": f"{learner}proj.{x}" for x in ("weight", "bias")}
    for i in range(1, layers):
        official[f"text_prompts.{i}"] = f"{learner}compound_prompts_text.{i - 1}"
        for x in ("weight", "bias"):
            official[f"vl_proj.{i}.{x}"] = f"{learner}compound_prompt_projections.{i - 1}.{x}"
    assert sorted(official.values()) == sorted(json.loads(metadata["trainable"]))
    model.prompts.load_state_dict({k: t[f"state_dict.{v}"] for k, v in official.items()})
    visual = model.prompts.visual()
    assert error(visual[0], t["output.shared_visual_ctx"]) < LOGITS
    for i, prompt in enumerate(visual[1:]):
        assert error(prompt, t[f"output.deep_visual.{i}"]) < LOGITS
    o = model.texts(clip, t["input.tokenized_prompts"])
    x = model.images(clip, t["input.image"])
    assert error(o, normalize(t["output.text_features_raw"])) < LOGITS
    assert error(x, normalize(t["output.image_features_raw"])) < LOGITS
    _check(scaled_cosine(x, o, clip.logit_scale.exp()), t, model.prompts, official)


@pytest.mark.parametrize("path", fixtures("recognizers", "ivlp"))
def test_ivlp(path: Path) -> None:
    t, metadata = tensors_of(path)
    text, visual = int(metadata["depth_text"]), int(metadata["depth_vision"])
    official = {"text_prompts.0": "prompt_learner.ctx", "visual_prompts.0": "image_encoder.VPT"}
    for side, tower, layers in (("text", "text", text), ("visual", "image", visual)):
        for i in range(1, layers):
            official[f"{side}_prompts.{i}"] = (
                f"{tower}_encoder.transformer.resblocks.{i}.VPT_shallow")
    assert sorted(official.values()) == sorted(json.loads(metadata["trainable"]))
    clip = clip_of({k: v for k, v in t.items() if "VPT" not in k or k.startswith("state")},
                   json.loads(metadata["config"]))
    model = IvlpModel(
        clip, k=int(metadata["n_ctx_text"]), n=int(metadata["n_ctx_vision"]),
        text_layers=text, visual_layers=visual)
    model.load_state_dict({k: t[f"state_dict.{v}"] for k, v in official.items()})
    o = model.texts(clip, t["input.tokenized_prompts"])
    x = model.images(clip, t["input.image"])
    _check(scaled_cosine(x, o, clip.logit_scale.exp()), t, model, official)


def _check(
    logits: Tensor, t: dict[str, Tensor], module: nn.Module, official: dict[str, str]
) -> None:
    assert error(logits, t["output.logits"]) < LOGITS
    loss = F.cross_entropy(logits, t["input.label"])
    assert error(loss, t["output.loss"]) < LOGITS
    loss.backward()  # type: ignore[no-untyped-call]
    for ours, name in official.items():
        assert error(module.get_parameter(ours).grad, t[f"grad.{name}"]) < GRADS, name
