"""Settings of original video keep every frame: networks see the frames that their papers see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.contracts.params import resolve
from irfer_bench.data.clips import ClipView, StoredClips
from irfer_bench.engine.runner import Runner, scored_rule
from irfer_bench.experiment.dataset_copy import find_copy
from irfer_bench.experiment.graph import prepare_step
from irfer_bench.nn.frame_sampling import FrameSampling, draw_from
from irfer_bench.nn.frames import FrameTable
from irfer_bench.registry import load
from irfer_bench.store.artefacts import Store
from irfer_dynamic.encoder_inputs import EncoderInputs
from irfer_dynamic.former_dfer import FormerDfer
from irfer_dynamic.former_dfer_params import FormerDferParams
from irfer_dynamic.mma_dfer_params import MMADFERParams
from tests.irfer_datasets import dfew_tree

FRAMES, STEP = 100, 2
ORIGINAL = ("dfew_supervised", "mafw_supervised", "mafw_compound_supervised", "ferv39k_supervised")
PLAIN: dict[str, Any] = {"crop": 1.0, "flip": 0.0, "brightness": 0.0}
OFFICIAL = [3, 9, 15, 21, 28, 34, 40, 46, 53, 59, 65, 71, 78, 84, 90, 96]
"""int(100 / 32 + 100 x / 16): the test frames of MMA-DFER's and DFER-CLIP's public code."""


class Quiet:
    def step(self, step: Any) -> None: ...
    def progress(self, name: str, done: int, total: int, note: str = "") -> None: ...
    def finished(self, step: Any, seconds: float, built: bool) -> None: ...
    def line(self, text: str) -> None: ...


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipView:
    """A clip of 100 official crops and one of 12, prepared by DFEW's setting; frame k is 2 k."""
    root, home = tmp_path_factory.mktemp("dfew"), tmp_path_factory.mktemp("home")
    shades = [np.full((224, 224, 3), STEP * k, np.uint8) for k in range(FRAMES)]
    dfew_tree.write_lists(root, {1: "sadness", 2: "neutral"})
    for clip, count in ((1, FRAMES), (2, 12)):
        folder = root / f"Clip/clip_224x224/{clip:05d}"
        dfew_tree.save_frames(folder, shades[:count], f"{clip:05d}_")
    registry = load()
    setting = registry.setting("dfew_supervised")
    source = find_copy(registry, "dfew", roots={"dfew": root}, home=home, scan=True)
    step = prepare_step(setting, setting.target, source, {})
    runner = Runner(Store(home / "store"), registry, home, "cpu", "fp32", Quiet())
    made = runner.artefact(step)
    assert (made.facts["files"], made.facts["coded"]) == (FRAMES + 12, 0)
    return StoredClips(made.folder, step.key, scored_rule(step)).view()


def shown(view: torch.Tensor) -> list[int]:
    """Numbers of the frames that one clip's (T, 3, S, S) in 0..1 shows."""
    return [round(float(frame.mean()) * 255 / STEP) for frame in view]


def mma(variant: str = "", **given: Any) -> EncoderInputs:
    values = {"size": 32, **PLAIN, **given}
    return EncoderInputs(
        resolve(MMADFERParams, component="mma_dfer", variant=variant, given=values))


def test_the_stored_files_are_the_datasets_own(clips: ClipView) -> None:
    one, other = clips
    assert one.count == one.length == FRAMES and one.positions == tuple(range(FRAMES))
    assert other.count == 12 and other.scored is not None and len(other.scored) == 16
    assert one.scored == tuple(int(i / 15 * 99 + 0.5) for i in range(16))
    assert one.frames.shape == (FRAMES, 224, 224, 3)


def test_mma_dfer_is_tested_on_the_official_frames(clips: ClipView) -> None:
    (example,) = mma("official", test_clips=1).evaluate(clips[:1])
    assert shown(example.frames[0]) == OFFICIAL == FrameSampling(16).test(FRAMES).tolist()


def test_two_test_clips_share_no_frame_and_span_the_video(clips: ClipView) -> None:
    first, second = (shown(each.frames[0]) for each in mma(test_clips=2).evaluate(clips))
    wanted = FrameSampling(16).test_clips(FRAMES, 2)
    assert [first, second] == wanted.tolist() and not set(first) & set(second)


@pytest.mark.parametrize(("variant", "mode"), [("official", "official"), ("", "full_span")])
def test_mma_dfer_is_trained_on_frames_drawn_from_the_whole_clip(
    variant: str, mode: Any, clips: ClipView
) -> None:
    reader = mma(variant).reader(FrameTable(clips, scored=False))
    drawn = [shown(reader.read([0], torch.Generator().manual_seed(k)).frames[0]) for k in range(9)]
    for seed, frames in enumerate(drawn):
        draw = draw_from(torch.Generator().manual_seed(seed))
        assert frames == FrameSampling(16, mode=mode).train(FRAMES, draw).tolist()
    assert (max(map(max, drawn)) > 95) == (mode == "full_span")  # officially 96 to 99 are not seen
    assert shown(reader.read([1], torch.Generator()).frames[0]) == [*range(12), 11, 11, 11, 11]


def test_former_dfer_sees_pairs_of_neighbouring_frames(clips: ClipView) -> None:
    given = {"size": 32, "crop": 1.0, "flip": 0.0}
    params = resolve(FormerDferParams, component="former_dfer", preset="paper", given=given)
    inputs = FormerDfer(params).inputs()
    starts = [6, 18, 30, 43, 55, 68, 80, 92]
    wanted = [frame for start in starts for frame in (start, start + 1)]
    assert shown(inputs.evaluate(clips[:1])[0, 0]) == wanted
    drawn = shown(inputs.train(clips[:1], torch.Generator().manual_seed(3))[0])
    assert np.diff(drawn)[::2].tolist() == [1] * 8


@pytest.mark.parametrize("name", ORIGINAL)
def test_settings_of_original_video_keep_every_frame(name: str) -> None:
    setting = load().setting(name)
    assert (setting.frames, setting.stored, setting.coding) == ("uniform(16)", "all", "jpeg95")


@pytest.mark.parametrize("name", ["dfew_nir_simulated", "mafw_nir_simulated"])
def test_settings_whose_frames_are_translated_keep_what_is_scored(name: str) -> None:
    setting = load().setting(name)
    assert (setting.frames, setting.stored, setting.coding) == ("uniform(16)", "", "raw")
    assert "take theirs from these 16" in setting.source_text
