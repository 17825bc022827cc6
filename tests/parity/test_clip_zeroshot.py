"""CLIP zero-shot against official code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from irfer_clip.backbone import zero_shot_logits
from irfer_clip.prompting import encode_image, encode_templates, encode_text, normalize
from tests.parity.clip_fixtures import clip_of, tensors_of
from tests.parity.fixtures import error, fixtures

LOGITS = 1e-5


@pytest.mark.parametrize("path", fixtures("recognizers", "clip_zeroshot"))
def test_features_and_logits_equal_official_clip(path: Path) -> None:
    t, metadata = tensors_of(path)
    clip = clip_of(t, json.loads(metadata["config"]))
    images, _ = encode_image(clip, t["input.image"])
    texts = encode_text(clip, t["input.token_ids"])
    scale = clip.logit_scale.exp()
    assert error(images, t["output.image_features"]) < LOGITS
    assert error(texts, t["output.text_features"]) < LOGITS
    logits = zero_shot_logits(scale, images, normalize(texts))
    assert error(logits, t["output.zs_logits"]) < LOGITS
    assert error(logits, t["output.logits_per_image"]) < LOGITS
    assert error(logits.T, t["output.logits_per_text"]) < LOGITS
    assert error(normalize(texts), t["output.zs_text_features_normed"]) < LOGITS


@pytest.mark.parametrize("path", fixtures("recognizers", "clip_zeroshot"))
def test_ensemble_is_normalised_before_and_after_the_mean(path: Path) -> None:
    t, metadata = tensors_of(path)
    clip = clip_of(t, json.loads(metadata["config"]))
    ensemble = encode_templates(clip, t["input.ensemble_token_ids"])
    assert error(ensemble, t["output.ensemble_text_features"]) < LOGITS
    logits = zero_shot_logits(clip.logit_scale.exp(), t["output.image_features"], ensemble)
    assert error(logits, t["output.ensemble_logits"]) < LOGITS


@pytest.mark.parametrize("path", fixtures("recognizers", "clip_zeroshot"))
def test_truncated_text_equals_full_text(path: Path) -> None:
    t, metadata = tensors_of(path)
    clip = clip_of(t, json.loads(metadata["config"]))
    short = encode_text(clip, t["input.token_ids"])
    full = encode_text(clip, t["input.token_ids"], truncate=False)
    assert error(short, full) < LOGITS
