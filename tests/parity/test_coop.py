"""CoOp and CoCoOp against official code: prompts, logits, loss and gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_clip.classifier import scaled_cosine
from irfer_clip.cocoop import CocoopModel
from irfer_clip.coop import CoopModel
from irfer_clip.prompting import encode_image, normalize
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS = 1e-5, 1e-5
LEARNER = "prompt_learner."
CTX = f"{LEARNER}ctx"


@pytest.mark.parametrize("path", fixtures("recognizers", "coop"))
def test_coop(path: Path) -> None:
    t, metadata, clip, x = _setup(path)
    assert json.loads(metadata["trainable"]) == [CTX]
    model = CoopModel(
        *t[f"state_dict.{CTX}"].shape, position=metadata["class_token_position"]  # type: ignore[arg-type]
    )
    assert (model.ctx.ndim == 3) == json.loads(metadata["csc"])
    model.load_state_dict({"ctx": t[f"state_dict.{CTX}"]})
    ids, names = t["input.tokenized_prompts"], t["input.name_lens"].tolist()
    assert error(model.prompts(clip, ids, names), t["output.prompts"]) < LOGITS
    o = model.texts(clip, ids, names)
    assert error(o, normalize(t["output.text_features_raw"])) < LOGITS
    _check(scaled_cosine(x, o, clip.logit_scale.exp()), t)
    assert error(model.ctx.grad, t[f"grad.{CTX}"]) < GRADS


@pytest.mark.parametrize("path", fixtures("recognizers", "cocoop"))
def test_cocoop(path: Path) -> None:
    t, metadata, clip, x = _setup(path)
    n, width = t[f"state_dict.{CTX}"].shape
    model = CocoopModel(n, x.shape[1], width)
    names = {f"{LEARNER}{_official(name)}": name for name, _ in model.named_parameters()}
    assert sorted(names) == sorted(json.loads(metadata["trainable"]))
    model.load_state_dict({ours: t[f"state_dict.{name}"] for name, ours in names.items()})
    ids = t["input.tokenized_prompts"]
    o = model.texts(clip, ids, x, [0] * len(ids))
    _check(clip.logit_scale.exp() * torch.einsum("bd,bcd->bc", x, o), t)
    for name, ours in names.items():
        assert error(model.get_parameter(ours).grad, t[f"grad.{name}"]) < GRADS, name


def _check(logits: Tensor, t: dict[str, Tensor]) -> None:
    assert error(logits, t["output.logits"]) < LOGITS
    loss = F.cross_entropy(logits, t["input.label"])
    assert error(loss, t["output.loss"]) < LOGITS
    loss.backward()  # type: ignore[no-untyped-call]


def _setup(path: Path) -> tuple[dict[str, Tensor], dict[str, str], Any, Tensor]:
    t, metadata = tensors_of(path)
    clip = clip_of(t, json.loads(metadata["config"]))
    features, _ = encode_image(clip, t["input.image"])
    if "output.image_features_raw" in t:
        assert error(features, t["output.image_features_raw"]) < LOGITS
    return t, metadata, clip, normalize(features)


def _official(name: str) -> str:
    return name.replace("meta_net.0", "meta_net.linear1").replace("meta_net.2", "meta_net.linear2")
