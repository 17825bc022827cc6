"""Settings of video keep more frames than they score, so that networks can draw their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from irfer_bench.api import Clips
from irfer_bench.data.clips import StoredClips, write_clips
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import rules_of
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import FrameSampling
from irfer_bench.registry import load
from tests.irfer_datasets import dfew_tree

FRAMES = 40
ORIGINAL = ("dfew_supervised", "mafw_supervised", "mafw_compound_supervised", "ferv39k_supervised")
INPUT = ClipInput(FrameSampling(16), ClipView(8, area=(1.0, 1.0), flip=0.0))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Two clips of 40 grey frames, prepared by DFEW's setting; frame k has brightness 6 k."""
    folder = tmp_path_factory.mktemp("drawn")
    root = folder / "dfew"
    shades = [np.full((32, 32, 3), 6 * k, np.uint8) for k in range(FRAMES)]
    dfew_tree.write_lists(root, {1: "sadness", 2: "neutral"})
    for clip in (1, 2):
        dfew_tree.save_frames(root / f"Clip/clip_224x224/{clip:05d}", shades, f"{clip:05d}_")
    registry = load()
    setting, dfew = registry.setting("dfew_supervised"), registry.get("dataset", "dfew")
    dataset = registry.create(dfew)
    items = sorted(dataset.index(root), key=lambda item: item.id)
    write_clips(folder, prepare(dataset, root, items, rules_of(setting)))
    return StoredClips(folder, "key", setting.frames).view()


def shown(view: torch.Tensor) -> list[int]:
    """Numbers of the frames that one clip's (T, 3, S, S) in 0..1 shows."""
    return [round(float(frame.mean()) * 255 / 6) for frame in view]


def test_twice_the_scored_frames_are_kept(clips: Clips) -> None:
    (one, _) = clips
    assert len(one.frames) == 32 and len(one.scored_frames()) == 16
    assert [round(float(f.mean()) / 6) for f in one.scored_frames()][::15] == [0, FRAMES - 1]


def test_training_draws_other_frames_each_time(clips: Clips) -> None:
    drawn = [shown(INPUT.train(list(clips), torch.Generator().manual_seed(k))[0]) for k in range(9)]
    assert all(frames == sorted(frames) for frames in drawn)
    assert len({tuple(frames) for frames in drawn}) == len(drawn)
    assert len({frame for frames in drawn for frame in frames}) == 32


def test_two_test_clips_share_no_frame_and_span_the_video(clips: Clips) -> None:
    first, second = (shown(part[0]) for part in INPUT.evaluate(list(clips), 2))
    assert not set(first) & set(second)
    assert len(set(first + second)) == 32
    assert {first[0], second[-1]} == {0, FRAMES - 1}


@pytest.mark.parametrize("name", ORIGINAL)
def test_settings_of_original_video_keep_frames_to_draw_from(name: str) -> None:
    assert (load().setting(name).frames, load().setting(name).stored) == (
        "uniform(16)", "uniform(32)")
