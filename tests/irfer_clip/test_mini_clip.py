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
from irfer_synth.faces import render_identity_range
from irfer_synth.pretrain import main
from tests.irfer_clip.tiny import training

UNSEEN = range(2001, 2041)


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
    folder = Path(str(files("irfer_synth"))) / "weights"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4_000_000
    with safe_open(locate("mini", Path("nowhere")), "pt") as file:
        metadata = file.metadata()
    assert {"architecture", "merges", "mean", "std", "training"} <= set(metadata)
    assert "nir" in json.loads(metadata["training"])["zero_shot"]


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
