"""MaPLe and IVLP: what is trained, what it starts from, and that it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import UsageError
from irfer_bench.testing.memory import MemoryContext
from irfer_clip.backbone import load_backbone
from irfer_clip.maple import MapleModel
from tests.irfer_clip.small import NONE, SOURCE, TARGET, TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES

LEARNING: dict[str, dict[str, Any]] = {
    "maple": {"epochs": 12, "lr": 0.1, "transforms": "face"},
    "ivlp": {"epochs": 20, "lr": 0.3, "transforms": "face", "n": 4, "depth_visual": 3},
}


@pytest.mark.parametrize("side", ["both", "source", "target"])
@pytest.mark.parametrize("name", LEARNING)
def test_it_learns_from_either_domain(name: str, side: str, folder: Path) -> None:
    given = data(
        source=NONE if side == "target" else SOURCE, target=NONE if side == "source" else TARGET)
    _, scores = run(name, folder, given, **LEARNING[name])
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    assert (scores.argmax(axis=1) == truth).mean() >= 0.6


def test_the_deep_maps_start_equal_and_the_first_does_not(folder: Path) -> None:
    clip = load_backbone("tiny.safetensors", "", MemoryContext(weights=folder)).clip
    for clone in (True, False):
        maps = MapleModel(clip, k=2, layers=3, clone_init=clone).prompts.vl_proj
        assert torch.equal(maps[1].weight, maps[2].weight) == clone
        assert not torch.equal(maps[0].weight, maps[1].weight)


@pytest.mark.parametrize("name", LEARNING)
def test_the_input_prompts_start_from_the_words(name: str, folder: Path) -> None:
    backbone = load_backbone("tiny.safetensors", "", MemoryContext(weights=folder))
    method, ctx = make(name, ctx_init="a an and", epochs=1), context(name, folder)
    method.fit(data(), ctx)
    first = next(v for k, v in method.state().tensors.items() if k.endswith("text_prompts.0"))
    words = backbone.clip.token_embedding(torch.tensor(backbone.tokenizer.encode("a an and")))
    assert np.allclose(first, words[:2].detach(), atol=1e-3)  # a warm-up at rate 1e-5


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("maple", {"J": 4}, r"maple\.J = 4"),
        ("ivlp", {"depth_text": 4}, r"depth_text = 4"),
        ("ivlp", {"depth_visual": 9}, r"depth_visual = 9"),
        ("maple", {"k": 9, "ctx_init": "a"}, "overwrite the class name|too few"),
    ],
)
def test_impossible_values_are_refused(
    name: str, given: dict[str, Any], message: str, folder: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        run(name, folder, data(), **given)
