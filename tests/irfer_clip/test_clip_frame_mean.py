"""The mean of CLIP's features over frames: against its formula, and what it shares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from irfer_bench.api import ContractError, UsageError
from irfer_bench.nn.frames import FrameTable
from irfer_bench.testing.memory import ClipList
from irfer_clip.features import plain_features
from irfer_clip.prompting import normalize
from tests.irfer_clip.small import NONE, context, make
from tests.irfer_clip.tiny import clips, training

VIDEOS = clips(18, seed=4, frames=4)
TEST = ClipList([replace(clip, scored=(0, 2, 2)) for clip in clips(6, seed=8, frames=3)])


def test_zero_shot_compares_the_mean_of_the_scored_frames(folder: Path) -> None:
    method, ctx = make("clip_frame_mean"), context("clip_frame_mean", folder)
    method.fit(training(NONE, NONE), ctx)
    scores, features = method.predict_and_embed(TEST, ctx)
    backbone = method.backbone(ctx)
    frames = plain_features(FrameTable(TEST), method.view(backbone), ctx).view(6, 3, -1)
    unit = normalize(frames.mean(1))
    o = method.sentence_features(backbone, "single")
    logits = backbone.scale * unit @ o.T
    assert np.allclose(scores, logits.log_softmax(-1).numpy(), atol=1e-4)
    assert np.allclose(features, unit.numpy(), atol=1e-5)
    each = make("clip_zero_shot")
    each.fit(training(NONE, NONE), ctx)
    assert not np.allclose(each.predict(TEST, ctx), scores, atol=1e-4)


def test_the_probe_is_fitted_on_one_row_per_clip(folder: Path) -> None:
    ctx = context("clip_frame_mean", folder)
    method = make("clip_frame_mean", classifier="linear_probe", held_out=0.3)
    method.fit(training(NONE, VIDEOS), ctx)
    assert 0 < int(str(ctx.reports["validation_images"])) < 18
    right = method.predict(VIDEOS, ctx).argmax(1) == [i % 3 for i in range(18)]
    assert right.mean() > 0.9


def test_features_are_those_of_the_other_clip_methods(folder: Path) -> None:
    ctx = context("clip_frame_mean", folder)
    for classifier in ("zero_shot", "linear_probe"):
        method = make("clip_frame_mean", classifier=classifier, C=1.0)
        method.fit(training(NONE, VIDEOS), ctx)
        method.predict(VIDEOS, ctx)
    probe = make("linear_probe", C=1.0)
    probe.fit(training(NONE, VIDEOS), ctx)
    assert len(ctx.parts) == 1


def test_what_has_no_meaning_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="preproj has no sentences"):
        make("clip_frame_mean", features="preproj")
    method, ctx = make("clip_frame_mean"), context("clip_frame_mean", folder)
    method.fit(training(NONE, NONE), ctx)
    with pytest.raises(ContractError, match="clip 0 has no frame"):
        method.predict(ClipList([replace(TEST[0], scored=())]), ctx)
    assert method.predict(NONE, ctx).shape == (0, 3)
    assert torch.equal(method._restored(ctx)[1].bias, torch.zeros(3))
