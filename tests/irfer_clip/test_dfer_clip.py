"""DFER-CLIP: what is trained and kept, which texts it reads, and how a video is scored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from irfer_bench.api import Clip, UsageError
from irfer_bench.testing.memory import ClipList
from irfer_clip.texts import load_sentences
from tests.irfer_clip.small import NONE, context, make
from tests.irfer_clip.tiny import CLASSES, clips, training

VIDEOS = clips(12, seed=4, frames=5)
TEST = clips(6, seed=8, frames=7)


def test_image_tower_transformer_and_words_are_trained_at_their_own_rates(folder: Path) -> None:
    method, ctx = make("dfer_clip"), context("dfer_clip", folder)
    method.fit(training(NONE, VIDEOS), ctx)
    trained = method.state().tensors
    assert ctx.reports["trained_parameters"] == sum(value.size for value in trained.values())
    frozen = make("dfer_clip", lr_image=0.0, lr_prompts=0.0)
    frozen.fit(training(NONE, VIDEOS), context("dfer_clip", folder))
    kept = frozen.state().tensors
    clip = method.backbone(ctx).clip
    for name, value in clip.visual.state_dict().items():
        assert np.array_equal(kept[f"visual.{name}"], value.numpy()), name
    assert not np.array_equal(trained["visual.conv1.weight"], kept["visual.conv1.weight"])
    assert not np.array_equal(trained["ctx"], kept["ctx"])
    assert not np.array_equal(trained["temporal.cls_token"], kept["temporal.cls_token"])
    assert trained["ctx"].shape == (3, 2, 16)
    assert not any(name.startswith("text") for name in trained)
    assert all(not p.requires_grad for p in clip.parameters()), "the shared CLIP was changed"


def test_the_transformer_over_frames_is_twice_as_wide_inside(folder: Path) -> None:
    method = make("dfer_clip")
    temporal = method.build(method.backbone(context("dfer_clip", folder)).clip, 3).temporal
    assert {p.shape for p in temporal.parameters()} >= {(32, 16), (16, 32)}


def test_texts_are_descriptions_expressions_or_names(folder: Path) -> None:
    ctx = context("dfer_clip", folder)
    shipped = load_sentences()
    expected = {
        "description": tuple(shipped.descriptions[name] for name in CLASSES),
        "expression": tuple(f"an expression of {name}." for name in CLASSES),
        "name": tuple(f"{name}." for name in CLASSES),
    }
    features = []
    for text, sentences in expected.items():
        method = make("dfer_clip", text=text, epochs=1)
        method.fit(training(NONE, VIDEOS), ctx)
        assert method.class_texts() == sentences
        backbone, model, o = method._restored(ctx)
        features.append(o)
        assert torch.allclose(o.norm(dim=1), torch.ones(3))
        assert torch.equal(o, method.texts(model, backbone))
    assert not torch.allclose(features[0], features[1], atol=1e-3)


def test_a_class_without_a_description_is_named(folder: Path) -> None:
    method, ctx = make("dfer_clip"), context("dfer_clip", folder)
    pair = ClipList([replace(clip, label=f"happily_{clip.label}") for clip in VIDEOS])
    classes = tuple(f"happily_{name}" for name in CLASSES)
    with pytest.raises(UsageError, match="no description for class happily_anger"):
        method.fit(replace(training(NONE, pair), classes=classes), ctx)


def test_scores_are_of_the_whole_video_in_its_order(folder: Path) -> None:
    method, ctx = make("dfer_clip"), context("dfer_clip", folder)
    method.fit(training(NONE, VIDEOS), ctx)
    scores = method.predict(TEST, ctx)
    back = ClipList([replace(clip, frames=clip.frames[::-1]) for clip in TEST])
    assert not np.allclose(method.predict(back, ctx), scores, atol=1e-4)
    wide = Clip("wide", np.zeros((20, 9, 30, 3), np.uint8), "vis")
    odd = [Clip("one", TEST[0].frames[:1], "nir"), wide]
    assert method.predict(ClipList([*TEST, *odd]), ctx).shape == (8, 3)
    assert np.allclose(method.predict(ClipList([*TEST, *odd]), ctx)[:6], scores, atol=1e-5)


def test_pixels_are_in_0_to_1_unless_clip_s_normalisation_is_asked_for(folder: Path) -> None:
    ctx, plain = context("dfer_clip", folder), make("dfer_clip")
    backbone = plain.backbone(ctx)
    x = plain.inputs(backbone).evaluate([TEST[0]])
    assert 0 <= float(x.min()) <= float(x.max()) <= 1
    usual = make("dfer_clip", normalise="clip").inputs(backbone).evaluate([TEST[0]])
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (backbone.mean, backbone.std))
    assert torch.allclose(usual, (x - mean) / std, atol=1e-6)
    infrared = replace(TEST[0], spectrum="nir")
    other = make("dfer_clip", normalise="clip", ir_norm="minmax_then_clip").inputs(backbone)
    assert not torch.allclose(other.evaluate([infrared]), usual, atol=1e-3)
    assert torch.equal(other.evaluate([TEST[0]]), usual)
