"""PDA's forward pass, banks, losses and gradients against official code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from irfer_clip.backbone import zero_shot_logits
from irfer_clip.banks import RunningBank
from irfer_clip.pda_model import PdaLayout, PdaModel
from irfer_clip.prompting import encode_image, encode_text, normalize
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS, GRADS, ZERO = 1e-5, 1e-5, 1e-5
PDA = fixtures("recognizers", "pda_ift")
BEFORE_NORM = ("ift.pre.0.bias", "ift.pre.1.bias")
OFFICIAL = "prompt_learner."


@pytest.mark.parametrize("path", PDA)
def test_banks_replace_the_smallest_and_count_empty_slots(path: Path) -> None:
    t, metadata, clip, _ = _setup(path)
    slots = json.loads(metadata["ift"])["K"]
    plain = _plain_texts(clip, t)
    assert error(plain, t["mid.text_features_unprompted_normed"]) < LOGITS
    for domain in ("source", "target"):
        features = t[f"mid.bank_{domain}_feats_normed"]
        if f"input.bank_{domain}_images" in t:
            own = normalize(encode_image(clip, t[f"input.bank_{domain}_images"])[0])
            assert error(own, features) < LOGITS
        p = zero_shot_logits(clip.logit_scale.exp(), features, plain).softmax(-1)
        assert error(p, t[f"mid.zs_probs_{domain}"]) < LOGITS
        bank = RunningBank(len(plain), slots, features.shape[1])
        labels = t["input.bank_source_labels"] if domain == "source" else None
        bank.add(features, t[f"mid.zs_probs_{domain}"], labels)
        assert error(bank.feature.flatten(0, 1), t[f"output.{domain}_feat_bank"]) < LOGITS
        assert error(bank.centres, t[f"output.{domain}_centers"]) < LOGITS


@pytest.mark.parametrize("path", PDA)
def test_evaluation(path: Path) -> None:
    t, _, clip, model = _setup(path)
    model.eval()
    with torch.no_grad():
        o, x = model.texts(clip, t["input.tokenized_prompts"]), model.images(clip, t["input.image"])
        base, ift = model.logits(x, o, clip.logit_scale.exp())
    assert error(o, t["output.text_features_normed"]) < LOGITS
    assert error(x, t["output.image_features_normed"]) < LOGITS
    assert error(base, t["output.eval_base_logits"]) < LOGITS
    assert error(ift, t["output.eval_ift_logits"]) < LOGITS
    assert error(model.combine(base, ift), t["output.eval_logits_pda"]) < LOGITS


@pytest.mark.parametrize("path", PDA)
def test_losses_gradients_and_running_statistics(path: Path) -> None:
    t, metadata, clip, model = _setup(path)
    model.train()
    ids = t["input.tokenized_prompts"]
    o = model.texts(clip, ids)
    source = model.source_loss(clip, o, t["input.image"], t["input.label"])
    plain = normalize(encode_image(clip, t["input.image_target"])[0])
    zero_shot = zero_shot_logits(clip.logit_scale.exp(), plain, _plain_texts(clip, t)).softmax(-1)
    target = model.target_loss(
        clip, o, t["input.image_target"], zero_shot, float(metadata["confi"])
    )
    assert error(source, t["output.loss_source"]) < LOGITS
    assert error(target, t["output.loss_target_pseudo"]) < LOGITS
    (source + target).backward()
    names = _names(model)
    for name, parameter in model.named_parameters():
        expected = t.get(f"grad.{OFFICIAL}{names[name]}")
        got = parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
        if expected is None:
            assert float(got.abs().max()) < ZERO, f"{name} has a gradient, officially none"
        elif name in BEFORE_NORM:
            # Exactly zero; what is left is rounding of the size of the weight's gradient.
            largest = t[f"grad.{OFFICIAL}{names[name.replace('bias', 'weight')]}"].abs().max()
            assert float((got - expected).abs().max()) < ZERO * max(1.0, float(largest)), name
        else:
            assert error(got, expected) < GRADS, name
    state = model.state_dict()
    for name, official in names.items():
        if name.endswith(("running_mean", "running_var")):
            assert error(state[name], t[f"after_train.{OFFICIAL}{official}"]) < LOGITS, name


def _plain_texts(clip: Any, t: dict[str, Tensor]) -> Tensor:
    with torch.no_grad():
        return normalize(encode_text(clip, t["input.tokenized_prompts_unprompted"]))


def _setup(path: Path) -> tuple[dict[str, Tensor], dict[str, str], Any, PdaModel]:
    t, metadata = tensors_of(path)
    cfg, ift = json.loads(metadata["pda_cfg"]), json.loads(metadata["ift"])
    clip = clip_of(t, json.loads(metadata["config"]))
    share, deep = cfg["SHARE_LAYER"], cfg["DEEP_LAYERS"]
    layout = PdaLayout(
        tokens=cfg["N_CTX"],
        share=tuple(share) if share else None,
        coupled=cfg["DEEP_SHARED"],
        deep_text=cfg["T_DEEP"],
        deep_visual=cfg["V_DEEP"],
        deep_layers=tuple(deep) if deep else None,
    )
    learned = {
        k.removeprefix(f"state_dict.{OFFICIAL}"): v
        for k, v in t.items()
        if k.startswith("state_dict.")
    }
    free = learned.get("deep_vctx")
    model = PdaModel(
        clip,
        len(t["input.tokenized_prompts"]),
        layout,
        beta=ift["beta"],
        epsilon=1 / ift["scale"],
        free_rows=None if free is None else len(free),
    )
    state = {name: learned[official] for name, official in _names(model).items()}
    state |= {f"{d}_centres": t[f"output.{d}_centers"] for d in ("source", "target")}
    model.load_state_dict(state, strict=True)
    return t, metadata, clip, model


def _names(model: PdaModel) -> dict[str, str]:
    """Our names to the official ones behind `prompt_learner.`; linears 0, 3, 6 and norms 1, 4."""
    names = {}
    for name in model.state_dict():
        if name.endswith("_centres"):
            continue
        official = name.replace("ift.post.", "attn_block.post_project.0.")
        for i in range(3):
            official = official.replace(f"ift.pre.{i}.", f"attn_block.pre_project.{3 * i}.")
            official = official.replace(f"ift.bn.{i}.", f"attn_block.pre_project.{3 * i + 1}.")
        names[name] = official
    return names
