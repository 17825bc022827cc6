"""Weights meet the activation and the towers they were trained with, or are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from open_clip.pretrained import get_pretrained_cfg, list_pretrained

from irfer_bench.api import UsageError
from irfer_bench.nn.weights import digest
from irfer_bench.testing.memory import MemoryContext
from irfer_clip import classifier_params
from irfer_clip.backbone import build_clip, load_backbone
from irfer_clip.backbone_architecture import is_known_tag, published_model
from irfer_clip.backbone_files import (
    OPENAI,
    OPENAI_MODELS,
    QUICK,
    QUICK_GELU_TAGS,
    check_activation,
    locate,
)
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from tests.irfer_clip import small
from tests.irfer_clip.tiny import ARCHITECTURE, tiny_clip

MINE = "ViT-B-16"
TAGS = [
    (model, tag)
    for model, tag in list_pretrained()
    if model.startswith("ViT-") and not model.endswith(QUICK)
]


def test_the_tags_with_quickgelu_are_those_of_open_clips_table() -> None:
    quick = {(m, t) for m, t in TAGS if get_pretrained_cfg(m, t).get("quick_gelu")}
    assert quick == {(m, t) for m, tags in QUICK_GELU_TAGS.items() for t in tags}
    assert ("ViT-B-32", "laion400m_e32") in quick and ("ViT-B-16", "laion400m_e32") in TAGS


@pytest.mark.parametrize("check", [check_activation, is_known_tag])
def test_every_tag_of_open_clip_is_taken_under_its_activation_alone(check: Any) -> None:
    for base, tag in TAGS:
        quick = bool(get_pretrained_cfg(base, tag).get("quick_gelu"))
        right, wrong = (base + QUICK, base) if quick else (base, base + QUICK)
        assert open_clip.get_model_config(right).get("quick_gelu", False) == quick, right
        check(right, tag)
        with pytest.raises(UsageError, match=f"use {right}/{tag}$"):
            check(wrong, tag)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ViT-B-16/openai",
         "'openai' of ViT-B-16 were trained with QuickGELU, and 'ViT-B-16' has exact GELU"),
        ("ViT-B-32/laion400m_e32", "use ViT-B-32-quickgelu/laion400m_e32"),
        ("ViT-B-16-quickgelu/laion400m_e32", "trained with exact GELU.*use ViT-B-16/laion400m_e32"),
        ("ViT-L-14/dfn2b", "use ViT-L-14-quickgelu/dfn2b"),
        ("ViT-L-14-quickgelu/dfn2b_s39b", "use ViT-L-14/dfn2b_s39b"),
    ],
)  # fmt: skip
def test_weights_are_refused_under_the_other_activation(
    name: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=said):
        locate(name, tmp_path)


def test_published_files_are_known_by_their_digests() -> None:
    for sha256, model in OPENAI_MODELS.items():
        assert published_model(sha256) == model
    assert published_model("46683a32" + "0" * 56) == "ViT-B-32-quickgelu"  # laion400m_e32
    assert published_model("af8dbd0c" + "0" * 56) == "ViT-B-32"  # laion2b_e16
    assert published_model("0" * 64) == ""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file without metadata, of a tiny CLIP that open_clip would call ViT-B-16."""
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))

    def config(name: str) -> dict[str, Any]:
        return ARCHITECTURE | {"quick_gelu": name.endswith(QUICK)}

    monkeypatch.setattr(open_clip, "get_model_config", config)
    monkeypatch.setattr(open_clip, "get_tokenizer", lambda _: None)  # its texts have 517 tokens
    torch.save(tiny_clip().state_dict(), tmp_path / "mine.pt")
    return tmp_path / "mine.pt"


def test_a_published_file_has_its_activation_whatever_is_named(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenAI's ViT-B-16.pt under architecture=ViT-B-16 was wrong without a word."""
    sha256, context = digest(mine), MemoryContext(weights=mine.parent)
    facts = {"url": f"{OPENAI}/{sha256}/mine.pt", "quick_gelu": True}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED[MINE], "openai", facts)
    said = "published ViT-B-16-quickgelu by its sha256, trained with QuickGELU, which ViT-B-16 does"
    with pytest.raises(UsageError, match=said):
        load_backbone("mine.pt", MINE, context)
    for named in ("", MINE + QUICK):
        loaded = load_backbone("mine.pt", named, context)
        images = torch.randn(2, 3, 16, 16)
        expected = tiny_clip().encode_image(images)
        assert torch.allclose(loaded.clip.encode_image(images), expected, atol=1e-5)
        assert loaded.assumed == ""


def test_planning_refuses_a_published_file_of_another_architecture(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier_params, "OPENAI_MODELS", {digest(mine): MINE + QUICK})
    for named, said in ((MINE, "trained with QuickGELU"), ("ViT-L-14", "not ViT-L-14")):
        with pytest.raises(UsageError, match=said):
            ClipZeroShotParams(backbone="mine.pt", architecture=named).inputs(mine.parent)
    ClipZeroShotParams(backbone="mine.pt", architecture=MINE + QUICK).inputs(mine.parent)


def test_the_record_tells_an_activation_that_only_the_architecture_tells(
    mine: Path, folder: Path
) -> None:
    method = small.make("clip_zero_shot", backbone="mine.pt", architecture=MINE)
    context = small.context("clip_zero_shot", mine.parent)
    method.fit(small.data(), context)
    said = "exact GELU of ViT-B-16; no published file has this sha256"
    assert context.reports["backbone_activation"] == said
    context = small.context("clip_zero_shot", folder)
    small.make("clip_zero_shot").fit(small.data(), context)
    assert "backbone_activation" not in context.reports


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("RN50", "image tower of it is no ViT that reads its class token"),
        ("ViT-L-14-CLIPA", "image tower of it is no ViT that reads its class token"),
        ("coca_ViT-B-32", "image tower of it is no ViT that reads its class token"),
        ("ViT-H-14-worldwide", "text tower of it does not read the last token of a causal"),
    ],
)
def test_a_clip_that_reads_its_towers_otherwise_is_refused(model: str, said: str) -> None:
    state = {str(number): torch.zeros(1) for number in range(40)}
    with pytest.raises(UsageError, match=said):
        build_clip(open_clip.get_model_config(model), state, "it")
