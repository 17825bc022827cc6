"""MPA-FER: what each part does, prototypes, and what is refused."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.api import UsageError
from irfer_bench.nn.frames import FrameTable
from irfer_clip import mpa_fer
from irfer_clip.features import plain_features
from irfer_clip.mpa_fer_model import MpaFerModel, contrast, pool_tokens, prompt_distance
from irfer_clip.mpa_fer_params import MpaFerParams
from irfer_clip.prompting import normalize
from tests.irfer_clip.small import SOURCE, TARGET, TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES

SWITCHES: list[dict[str, Any]] = [
    {"visual_prompts": False}, {"gamma": 0.0}, {"beta": 0.0}, {"align": "global"},
    {"align": "local"}, {"hard_prompt": "class"}, {"hard_prompt": "expression"}, {"topk": 1},
    {"topk": 4}, {"prototype_images": 1}, {"csc": True}, {"before_ln_pre": True}, {"ta": False},
    {"ta_axis": "hard"}, {"ta_axis": "sym"}, {"tau": 0.5}, {"pa": "l1_mean"},
    {"pa": "contrastive"}, {"pa": "cosine"}, {"pa": "off"}, {"visual_loss": "l1"},
    {"erasing": 0.0}, {"max_norm": 0.0}, {"beta": 3.0}, {"gamma": 5.0},
    {"visual_prompts": False, "align": "global"},
]  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_switch_changes_the_scores(folder: Path, switch: dict[str, Any]) -> None:
    _, usual = run("mpa_fer", folder, data(), lr=0.1)
    _, other = run("mpa_fer", folder, data(), lr=0.1, **switch)
    assert np.isfinite(other).all()
    assert np.abs(usual - other).max() > 1e-6


def test_prompts_start_near_zero(folder: Path) -> None:
    method = make("mpa_fer", n_ctx=50, n_visual=50)
    model = method.build(method.backbone(context("mpa_fer", folder)).clip, 3)
    for prompts in (model.ctx, model.visual_prompts):
        assert float(prompts.detach().std()) == pytest.approx(0.02, rel=0.2)


def test_it_learns(folder: Path) -> None:
    _, scores = run("mpa_fer", folder, data(), epochs=14, lr=0.1, erasing=0.0)
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    assert (scores.argmax(axis=1) == truth).mean() >= 0.6


def test_prototypes_are_mean_plain_features_of_both_domains(folder: Path) -> None:
    method, ctx = make("mpa_fer"), context("mpa_fer", folder)
    method.fit(data(), ctx)
    table = FrameTable(SOURCE, TARGET, classes=CLASSES)
    features = plain_features(table, method.view(method.backbone(ctx)), ctx)
    for c in range(len(CLASSES)):
        mean = features[table.labels == c].mean(dim=0)
        assert np.allclose(method.state().tensors["prototypes"][c], mean, atol=1e-5)
    assert ctx.reports["classes_without_prototype"] == 0


def test_hard_prompts_are_encoded_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("mpa_fer", folder, data())
    monkeypatch.setattr(mpa_fer, "pool_tokens", lambda *_: pytest.fail("encoded again"))
    method = make("mpa_fer")
    backbone = method.backbone(context("mpa_fer", folder))
    one, two = (
        mpa_fer.hard_prompts(backbone, CLASSES, "description", method.sentences) for _ in range(2)
    )
    assert one is two


def test_more_patches_than_an_image_has_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="5, but an image has 4 patches"):
        run("mpa_fer", folder, data(), topk=5)
    _, scores = run("mpa_fer", folder, data(), topk=5, align="global")
    assert np.isfinite(scores).all()


def test_pooling_leaves_out_start_end_and_padding() -> None:
    ids = torch.tensor([[8, 1, 2, 9, 0], [8, 3, 9, 0, 0]])
    values = torch.arange(10.0).reshape(2, 5, 1)
    assert pool_tokens(values, ids)[:, 0].tolist() == [1.5, 6.0]


def test_the_contrast_runs_over_the_axis_it_names() -> None:
    soft, hard = torch.eye(2), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    logits = torch.nn.functional.normalize(hard, dim=1) @ soft.T / 0.5
    expected = {
        "soft": torch.nn.functional.cross_entropy(logits, torch.arange(2)),
        "hard": torch.nn.functional.cross_entropy(logits.T, torch.arange(2)),
    }
    expected["sym"] = (expected["soft"] + expected["hard"]) / 2
    for axis, value in expected.items():
        assert torch.allclose(contrast(soft, hard, 0.5, axis), value)


@pytest.mark.parametrize(("k", "taken"), [(0, 5), (1, 1), (3, 3), (5, 5)])
def test_local_similarity_is_the_mean_of_the_k_largest_of_all_patches(k: int, taken: int) -> None:
    """Five patches of width three; k = 0 takes all of them."""
    generator = torch.Generator().manual_seed(0)
    sizes = ((2, 3), (2, 5, 3), (4, 3))
    z, patches, o = (torch.randn(*size, generator=generator) for size in sizes)
    model: Any = SimpleNamespace(params=MpaFerParams(topk=k))
    found = MpaFerModel.similarities(model, z, patches, normalize(o))
    assert found.local is not None
    for b, c in product(range(2), range(4)):
        cosines = torch.cosine_similarity(patches[b], o[c][None], dim=-1).sort().values
        assert found.local[b, c] == pytest.approx(float(cosines[-taken:].mean()), abs=1e-6)
        whole = float(torch.cosine_similarity(z[b], o[c], dim=0))
        assert found.total[b, c] == pytest.approx(whole + float(found.local[b, c]), abs=1e-6)


def test_the_distance_of_soft_and_hard_prompts() -> None:
    soft, hard = normalize(torch.randn(4, 6)), normalize(torch.randn(4, 6))
    apart = (soft - hard).abs()
    expected = {
        "l1": apart.sum() / 4, "l1_mean": apart.sum() / 24, "cosine": 1 - (soft * hard).sum() / 4}
    for kind, value in expected.items():
        found = prompt_distance(soft, hard, MpaFerParams(pa=kind))  # type: ignore[arg-type]
        assert float(found) == pytest.approx(float(value), abs=1e-6)
