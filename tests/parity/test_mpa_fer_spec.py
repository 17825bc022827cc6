"""MPA-FER against the spec-lock reference: no official code is public, this locks our equations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.contracts.params import resolve
from irfer_clip.mpa_fer_model import (
    HardPrompts,
    MpaFerModel,
    contrast,
    pool_tokens,
    prompt_distance,
)
from irfer_clip.mpa_fer_params import MpaFerParams
from irfer_clip.prompting import encode_image, encode_text, normalize
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS = 1e-5, 1e-5


@pytest.mark.parametrize("path", fixtures("recognizers", "spec_mpa_fer"))
def test_similarities_losses_and_gradients(path: Path) -> None:
    t, clip, model, params = _setup(path)
    ids, labels = t["input.soft_token_ids"], t["input.label"]
    with torch.no_grad():
        plain, _ = encode_image(clip, t["input.image"])
        hard_ids = t["input.hard_token_ids"]
        raw = encode_text(clip, hard_ids)
        pooled = pool_tokens(clip.token_embedding(hard_ids), hard_ids)
    assert error(plain, t["output.frozen_global_feature"]) < LOGITS
    assert error(raw, t["output.hard_text_features"]) < LOGITS
    assert error(pooled, t["output.hard_pooled"]) < LOGITS
    hard = HardPrompts(normalize(raw), pooled)

    z, patches = model.images(clip, t["input.image"], local=True)
    assert error(z, t["output.prompted_global_feature"]) < LOGITS
    assert error(patches, t["output.prompted_local_features"]) < LOGITS
    o = model.texts(clip, ids)
    assert error(o, normalize(t["output.text_features"])) < LOGITS
    soft = pool_tokens(model.prompts(clip, ids), ids)
    assert error(soft, t["output.soft_pooled"]) < LOGITS
    got = model.similarities(z, patches, o)
    assert got.local is not None
    assert got.patches is not None
    assert error(got.total - got.local, t["output.global_similarity"]) < LOGITS
    assert error(got.local, t["output.local_similarity"]) < LOGITS
    chosen, expected = (x.sort(dim=1).values for x in (got.patches, t["output.local_topk_index"]))
    assert torch.equal(chosen, expected)
    logits = clip.logit_scale.exp() * got.total
    assert error(logits, t["output.logits"]) < LOGITS

    ta = contrast(soft, hard.pooled, params.tau)
    assert error(ta, t["output.loss_ta"]) < LOGITS
    for kind, name in (("l1_sum", "l1"), ("contrastive", "contrastive")):
        distance = prompt_distance(o, hard.features, _with(params, pa=kind))
        assert error(distance, t[f"output.loss_pa_{name}"]) < LOGITS
    for kind in ("cosine", "l1"):
        model.params = _with(params, visual_loss=kind)
        assert error(model.visual_loss(z, labels), t[f"output.loss_v_{kind}"]) < LOGITS
    model.params = params
    vt = F.cross_entropy(logits, labels)
    assert error(vt, t["output.loss_vt"]) < LOGITS
    text, visual = model.text_loss(clip, ids, o, hard), model.visual_loss(z, labels)
    loss = vt + params.beta * text + params.gamma * visual
    assert error(loss, t["output.loss"]) < LOGITS
    loss.backward()  # type: ignore[no-untyped-call]
    for name, parameter in model.named_parameters():
        assert error(parameter.grad, t[f"grad.{name}"]) < GRADS, name


def _with(params: MpaFerParams, **given: Any) -> MpaFerParams:
    import msgspec

    return msgspec.structs.replace(params, **given)


def _setup(path: Path) -> tuple[dict[str, Tensor], Any, MpaFerModel, MpaFerParams]:
    t, metadata = tensors_of(path)
    config = json.loads(metadata["config"])
    given = {
        "n_ctx": config["n"], "n_visual": config["Np"], "topk": config["k"],
        "tau": config["tau"], "beta": float(metadata["beta"]), "gamma": float(metadata["gamma"]),
    }  # fmt: skip
    params = resolve(MpaFerParams, component="mpa_fer", given=given)
    clip = clip_of(t, config)
    model = MpaFerModel(params, clip, len(config["classes"]))
    learned = {k.removeprefix("param."): v for k, v in t.items() if k.startswith("param.")}
    model.load_state_dict(learned | {"prototypes": t["buffer.prototypes"]})
    return t, clip, model, params
