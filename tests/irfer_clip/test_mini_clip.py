"""The shipped mini CLIP: what it is, and that the script behind it still makes one."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

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
from irfer_synth.pretrain import main, refuse
from irfer_synth.pretrain_probe import draw_probe_images, probe
from irfer_synth.pretrain_tower import tower
from tests.irfer_clip.tiny import training

FOLDER = Path(str(files("irfer_synth"))) / "weights"
UNSEEN = range(950_001, 950_041)
EMBEDDED = 12_000_000
"""Bytes of all weights that the package ships."""
WORSE, BETTER = {"vis_to_vis": 0.7, "nir_to_nir": 0.6}, {"vis_to_vis": 0.95, "nir_to_nir": 0.7}


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
    assert found.vis_to_vis >= 0.75
    assert found.nir_to_nir >= 0.65
    assert found.vis_to_nir <= min(found.vis_to_vis - 0.10, found.nir_to_nir - 0.04)


@pytest.mark.parametrize(
    ("before", "found", "why"),
    [
        ({}, WORSE | {"vis_to_nir": 0.59}, ""),
        ({"generator": "0", "probes": BETTER}, WORSE | {"vis_to_nir": 0.3}, ""),
        ({"generator": GENERATOR, "probes": WORSE}, BETTER | {"vis_to_nir": 0.3}, ""),
        ({"generator": GENERATOR, "probes": BETTER}, WORSE | {"vis_to_nir": 0.3}, "short of"),
        ({"generator": GENERATOR, "probes": WORSE}, BETTER | {"vis_to_nir": 0.6}, "the gap"),
    ],
)
def test_worse_weights_never_replace_better_ones(
    before: dict[str, Any], found: dict[str, float], why: str
) -> None:
    assert why in refuse(found, before)
    assert bool(why) == bool(refuse(found, before))


def test_its_words_are_whole_tokens_and_every_prompt_fits() -> None:
    backbone = load_backbone("mini", "", MemoryContext())
    assert min(depth(backbone.clip)) >= 3
    for template in ("single", "face", "descr", "ensemble"):
        for texts in class_texts(BASIC, template):  # type: ignore[arg-type]
            ids = backbone.tokenize(texts)
            assert (ids.max(dim=1).values == backbone.tokenizer.eot_token_id).all()
    assert len(backbone.tokenizer.encode("a photo of a happiness.")) == 6


@pytest.mark.slow
def test_the_script_makes_a_loadable_backbone(tmp_path: Path) -> None:
    few = ["--people", "8", "--image-steps", "2", "--text-steps", "2", "--probed", "10"]
    assert main([*few, "--out", str(tmp_path)]) == 0
    state, _ = read_state(tmp_path / "mini_clip.safetensors")
    context = MemoryContext(weights=tmp_path)
    loaded = load_backbone("mini", "", context)
    assert torch.equal(loaded.clip.visual.proj, state["visual.proj"])
    recognizer = ClipZeroShot(ClipZeroShotParams(backbone="mini"))
    recognizer.fit(training(ClipList([]), ClipList([])), context)
