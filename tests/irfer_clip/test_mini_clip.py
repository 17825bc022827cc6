"""The shipped mini CLIP: what it is, and that the script behind it still makes one."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from irfer_bench.api import BASIC, Clip, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip.backbone import load_backbone, read_state
from irfer_clip.backbone_files import locate
from irfer_clip.clip_zero_shot import ClipZeroShot
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.prompting import depth
from irfer_clip.texts import class_texts
from irfer_synth.dataset import GENERATOR
from irfer_synth.faces import render_identity_range
from irfer_synth.pretrain import main
from irfer_synth.pretrain_probe import draw_probe_images, probe, refuse
from irfer_synth.pretrain_tower import tower
from tests.irfer_clip.tiny import training

FOLDER = Path(str(files("irfer_synth"))) / "weights"
UNSEEN = range(950_001, 950_041)
EMBEDDED = 12_000_000
"""Bytes of all weights that the package ships."""
REACHED = {
    "vis_to_vis": 0.93, "nir_to_nir": 0.87, "vis_to_nir": 0.69,
    "zero_shot_vis": 0.64, "zero_shot_nir": 0.50,
}  # fmt: skip


def _accuracy(camera: str) -> float:
    frames, facts = render_identity_range(UNSEEN.start, UNSEEN.stop, labels=BASIC, camera=camera)
    labels = [str(one["expression"]) for one in facts]
    spectrum = "vis" if camera == "vis" else "nir"
    clips = ClipList([
        Clip(id=str(i), frames=frame[None].copy(), spectrum=spectrum, label=label)
        for i, (frame, label) in enumerate(zip(frames, labels, strict=True))
    ])  # fmt: skip
    recognizer = ClipZeroShot(resolve(ClipZeroShotParams, component="z", preset="quick"))
    context, none = MemoryContext(), ClipList([])
    recognizer.fit(TrainingData(none, none, none, none, BASIC), context)
    scores = recognizer.predict(clips, context)
    return float(
        np.mean([BASIC[k] == label for k, label in zip(scores.argmax(1), labels, strict=True)])
    )


def test_zero_shot_is_above_chance_on_visible_and_worse_on_infrared() -> None:
    visible, infrared = _accuracy("vis"), _accuracy("nir")
    assert 0.30 <= visible <= 0.75
    assert infrared < visible - 0.05


def test_it_is_small_and_says_what_it_is() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < EMBEDDED
    with safe_open(locate("mini", Path("nowhere")), "pt") as file:
        metadata = file.metadata()
    assert {"architecture", "merges", "mean", "std", "training"} <= set(metadata)
    assert json.loads(metadata["training"])["generator"] == GENERATOR, "pretrain it again"


def test_it_is_worth_prompting_and_leaves_the_gap_between_the_cameras() -> None:
    """Linear probes of its class token by people whom neither pretraining nor benchmark knows."""
    clip = load_backbone("mini", "", MemoryContext()).clip
    images = {camera: draw_probe_images(camera, UNSEEN) for camera in ("vis", "nir")}
    with torch.no_grad():
        found = probe(lambda x: tower(clip, x), clip.visual.image_size[0], images)
    assert found.vis_to_vis >= 0.88
    assert found.nir_to_nir >= 0.80
    assert found.vis_to_nir <= min(found.vis_to_vis - 0.10, found.nir_to_nir - 0.04)


def test_the_shipped_weights_reach_the_aim() -> None:
    with safe_open(locate("mini", Path("nowhere")), "pt") as file:
        probes = json.loads(file.metadata()["training"])["probes"]
    assert not refuse(probes)
    assert probes["vis_to_vis"] >= 0.88
    assert probes["nir_to_nir"] >= 0.80
    assert probes["vis_to_nir"] <= probes["nir_to_nir"] - 0.15
    assert probes["zero_shot_vis"] <= probes["vis_to_vis"] - 0.15
    assert probes["zero_shot_nir"] <= probes["nir_to_nir"] - 0.15


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"vis_to_vis": 0.70, "nir_to_nir": 0.60}, "vis_to_vis is 0.700, and the aim 0.88"),
        ({"vis_to_vis": 0.879}, "vis_to_vis is 0.879, and the aim 0.88"),
        ({"nir_to_nir": 0.799}, "nir_to_nir is 0.799, and the aim 0.80"),
        ({"vis_to_nir": 0.73}, "vis_to_nir 0.730: the gap is below 0.15"),
        ({"zero_shot_vis": 0.79}, "zero_shot_vis 0.790: the gap is below 0.15"),
        ({"zero_shot_nir": 0.73}, "zero_shot_nir 0.730: the gap is below 0.15"),
    ],
)
def test_weights_short_of_the_aim_are_never_released(found: dict[str, float], why: str) -> None:
    assert not refuse(REACHED)
    assert why in refuse(REACHED | found)


def test_its_words_are_whole_tokens_and_every_prompt_fits() -> None:
    backbone = load_backbone("mini", "", MemoryContext())
    assert min(depth(backbone.clip)) >= 3
    for template in ("single", "face", "descr", "ensemble"):
        for texts in class_texts(BASIC, template):  # type: ignore[arg-type]
            ids = backbone.tokenize(texts)
            assert (ids.max(dim=1).values == backbone.tokenizer.eot_token_id).all()
    assert len(backbone.tokenizer.encode("a photo of a happiness.")) == 6


def test_a_trial_never_replaces_the_shipped_weights(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--trial", "--people", "8"])
    assert "name another folder by --out" in capsys.readouterr().err


@pytest.mark.slow
def test_the_script_makes_a_loadable_backbone(tmp_path: Path) -> None:
    few = ["--people", "8", "--image-steps", "2", "--text-steps", "2", "--probed", "10"]
    assert main([*few, "--out", str(tmp_path)]) == 1
    assert not [*tmp_path.iterdir()], "so little training reaches no aim"
    assert main([*few, "--out", str(tmp_path), "--trial"]) == 0
    state, _ = read_state(tmp_path / "mini_clip.safetensors")
    context = MemoryContext(weights=tmp_path)
    loaded = load_backbone("mini", "", context)
    assert torch.equal(loaded.clip.visual.proj, state["visual.proj"])
    recognizer = ClipZeroShot(ClipZeroShotParams(backbone="mini"))
    recognizer.fit(training(ClipList([]), ClipList([])), context)
