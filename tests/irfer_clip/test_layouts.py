"""Which layers get which prompts, and the shapes of prompts, maps and features."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from irfer_bench.api import TrainingData, UsageError
from irfer_bench.nn.frames import FrameTable
from irfer_bench.testing.memory import ClipList
from irfer_clip import pda_model
from irfer_clip.features import plain_features
from irfer_clip.pda_model import PdaLayout, PdaModel
from irfer_clip.prompts import CoupledPrompts
from tests.irfer_clip.small import NONE, SOURCE, TEST, context, make
from tests.irfer_clip.tiny import CLASSES, tiny_clip


@pytest.mark.parametrize(
    ("share", "deep", "maps", "free"),
    [
        (None, None, 2, 2), ((0, 0), None, 1, 2), ((0, 1), None, 2, 1),
        ((0, 0), (1, 1), 1, 1), ((0, 1), (1, 2), 2, 1),
    ],
)
def test_a_layout_of_pda_says_how_many_maps_and_free_prompts(
    share: Any, deep: Any, maps: int, free: int
) -> None:
    model = PdaModel(tiny_clip(), 3, PdaLayout(tokens=2, share=share, deep_layers=deep))
    assert len(model.deep_prompt_proj) == maps
    assert model.deep_vctx is not None
    assert len(model.deep_vctx) == free
    assert (model.proj is None) == (share is None)


@pytest.mark.parametrize(
    ("deep", "rows"), [(None, [0, 1]), ((1, 1), [0, None]), ((1, 2), [0, 0]), ((2, 2), [None, 0])]
)
def test_a_layout_of_pda_says_which_layers_have_prompts(
    deep: Any, rows: list[int | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []

    def encode(clip: Any, ids: Tensor, slots: Any) -> Tensor:
        told.extend(slots)
        return torch.ones(3, 16)

    monkeypatch.setattr(pda_model, "encode_text", encode)
    model = PdaModel(tiny_clip(), 3, PdaLayout(tokens=2, share=(0, 1), deep_layers=deep))
    model.texts(tiny_clip(), torch.zeros(3, 130, dtype=torch.long))
    assert model.deep_ctx is not None
    assert torch.equal(told[0], model.ctx)
    for slot, row in zip(told[1:], rows, strict=True):
        assert slot is None if row is None else torch.equal(slot, model.deep_ctx[row])


def test_pda_couples_seven_twelfths_of_the_layers() -> None:
    clip = tiny_clip()
    assert make("pda").build(clip, 3).layout.share == (0, 0)  # two of three: input and one more
    clip.visual.transformer.resblocks.extend(tiny_clip().visual.transformer.resblocks)
    assert make("pda").build(clip, 3).layout.share == (0, 2)  # four of six


def test_pda_s_loss_is_the_sum_over_both_domains(folder: Path) -> None:
    method = make("pda")
    method.texts = method._zero_shot = lambda *given: torch.ones(3, 16)
    backbone = method.backbone(context("pda", folder))
    batch = SimpleNamespace(images=torch.zeros(2, 3, 16, 16), labels=torch.zeros(2).long())
    clip = backbone.clip
    model = PdaModel(clip, 3, PdaLayout(tokens=2, share=(0, 0)))
    model.source_loss = lambda *given: torch.tensor(2.0)  # type: ignore[method-assign]
    model.target_loss = lambda *given: torch.tensor(3.0)  # type: ignore[method-assign]
    task: Any = SimpleNamespace(backbone=backbone)
    assert float(method.loss(model, task, {"source": batch, "target": batch})) == 5.0


def test_maps_of_source_images_exist_only_where_asked_for() -> None:
    sizes = {"k": 2, "depth": 2, "text_width": 3, "visual_width": 4}
    one, two = CoupledPrompts(**sizes), CoupledPrompts(**sizes, per_domain=True)
    assert sum(p.numel() for p in one.parameters()) == 2 * 2 * 3 + 2 * (3 * 4 + 4)
    assert sum(p.numel() for p in two.parameters()) == 2 * 2 * 3 + 4 * (3 * 4 + 4)
    assert [p.shape for p in two.visual()] == [(2, 4), (2, 4)]
    assert [p.shape for p in two.visual(1, 3)] == [(3, 2, 4), (3, 2, 4)]


@pytest.mark.parametrize(("project", "width"), [(True, 16), (False, 24)])
def test_features_before_the_projection_are_as_wide_as_the_tower(
    project: bool, width: int, folder: Path
) -> None:
    method, ctx = make("linear_probe"), context("linear_probe", folder)
    view = method.view(method.backbone(ctx))
    assert plain_features(FrameTable(TEST), view, ctx, project=project).shape == (len(TEST), width)
    assert plain_features(FrameTable(NONE), view, ctx, project=project).shape == (0, width)


def test_two_classes_are_enough_and_the_record_has_the_loss(folder: Path) -> None:
    two = ClipList([clip for clip in SOURCE if clip.label in CLASSES[:2]])
    method, ctx = make("coop"), context("coop", folder)
    method.fit(TrainingData(two, NONE, NONE, NONE, CLASSES[:2]), ctx)
    assert 0 < float(str(ctx.reports["final_loss"])) < 10


def test_random_words_start_near_zero(folder: Path) -> None:
    """As CoOp's code draws them: N(0, 0.02^2)."""
    clip = tiny_clip()
    found = {
        "coop": [make("coop", n_ctx=60).build(clip, 3).ctx],
        "cocoop": [make("cocoop", n_ctx=60).build(clip, 3).ctx],
        "vpt": list(make("vpt", n=40).build(clip, 3).parameters()),
        "ivlp": list(make("ivlp", k=16).build(clip, 3).parameters()),
        "pda": [make("pda", k=16).build(clip, 3).ctx],
    }
    for name, prompts in found.items():
        for each in prompts:
            assert float(each.detach().std()) == pytest.approx(0.02, rel=0.25), name


def test_the_words_that_are_explained_are_those_of_the_first_layer(folder: Path) -> None:
    clip = tiny_clip()
    for name, own in (("ivlp", "text_prompts"), ("maple", "prompts.text_prompts")):
        method = make(name)
        model = method.build(clip, 3)
        (words,) = method.contexts(model).values()
        assert torch.equal(words, model.get_submodule(own)[0])
    one, each = make("coop"), make("coop", csc=True)
    one.classes = each.classes = CLASSES
    assert list(one.contexts(one.build(clip, 3))) == ["V"]
    model = each.build(clip, 3)
    words = each.contexts(model)
    assert [name.strip() for name in words] == list(CLASSES)
    assert all(torch.equal(a, b) for a, b in zip(words.values(), model.ctx, strict=True))


def test_towers_that_are_too_short_are_counted() -> None:
    clip = tiny_clip()
    clip.transformer.resblocks = clip.transformer.resblocks[:2]
    with pytest.raises(UsageError, match="has 3 visual and 2 text layers"):
        make("maple", J=3).build(clip, 3)
    with pytest.raises(UsageError, match="the image tower has 3 layers"):
        make("vpt", depth=4).build(clip, 3)
