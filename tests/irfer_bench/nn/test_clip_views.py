"""Views of clips: one draw for all frames, and every kind of change alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from irfer_bench.api import ContractError
from irfer_bench.nn.clip_views import ClipView

RNG = np.random.default_rng(0)
STILL = np.repeat(RNG.integers(0, 256, (1, 40, 32, 3), dtype=np.uint8), 5, axis=0)
PLAIN = ClipView(24, area=(1.0, 1.0), flip=0.0)


def _draw(view: ClipView, seed: int = 0) -> torch.Tensor:
    return view.train(STILL, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("change", [
    {"area": (0.08, 1.0)}, {"flip": 0.5}, {"brightness": 0.5}, {"rotation": 10.0}])
def test_all_frames_get_the_same_draw_and_clips_differ(change: dict[str, object]) -> None:
    view = replace(PLAIN, **change)  # type: ignore[arg-type]
    clips = [_draw(view, seed) for seed in range(8)]
    for clip in clips:
        assert clip.shape == (5, 3, 24, 24)
        assert clip.min() >= 0
        assert clip.max() <= 1
        assert all(torch.equal(clip[0], frame) for frame in clip)
    assert any(not torch.equal(clips[0], clip) for clip in clips[1:])
    assert torch.equal(clips[3], _draw(view, 3))


def test_without_a_change_training_sees_what_evaluation_sees() -> None:
    assert torch.equal(_draw(PLAIN), PLAIN.evaluate(STILL))
    assert torch.equal(_draw(replace(PLAIN, flip=1.0)), PLAIN.evaluate(STILL).flip(-1))
    same = ClipView(32, area=(1.0, 1.0), flip=0.0).evaluate(STILL[:, :32])
    assert torch.equal(same, torch.from_numpy(STILL[:, :32]).permute(0, 3, 1, 2).float() / 255)


def test_brightness_stays_within_its_bounds() -> None:
    grey = np.full((1, 8, 8, 3), 100, dtype=np.uint8)
    view = replace(PLAIN, size=8, brightness=0.5)
    factors = [
        float(view.train(grey, torch.Generator().manual_seed(seed)).mean()) * 2.55
        for seed in range(200)
    ]
    assert 0.5 <= min(factors) < 0.6
    assert 1.4 < max(factors) <= 1.5


def test_frames_that_are_not_prepared_are_refused() -> None:
    with pytest.raises(ContractError, match="uint8"):
        PLAIN.evaluate(STILL.astype(np.uint16))
    with pytest.raises(ContractError, match="uint8"):
        PLAIN.evaluate(STILL[..., :1])
