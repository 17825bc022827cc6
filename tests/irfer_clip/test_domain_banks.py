"""PCA's and PDA's banks and losses: who is stored, whose labels, and what weighs what."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import TrainingData
from irfer_bench.nn.frames import FrameTable
from irfer_bench.testing.memory import ClipList
from irfer_clip import pca
from irfer_clip.features import plain_features
from irfer_clip.images import Preparation
from irfer_clip.pda_model import PdaLayout, PdaModel
from irfer_clip.prompt_classifier import Batch
from irfer_clip.prompting import normalize
from tests.irfer_clip.small import NONE, SOURCE, TARGET, TEST, context, data, make, recorded
from tests.irfer_clip.tiny import CLASSES, clips, relabelled, tiny_clip, training


def test_pca_weighs_branches_and_domains(folder: Path) -> None:
    """The loss is linear in all four weights; a weight of 0 leaves its part out."""
    method, ctx = make("pca"), context("pca", folder)
    method.fit(data(), ctx)
    backbone, model, _ = method._restored(ctx)
    view = method.view(backbone)
    batches = {
        name: Batch(view.evaluate(table.read(range(6))), table.labels[:6])
        for name, table in (("source", FrameTable(SOURCE, classes=CLASSES)),
                            ("target", FrameTable(TARGET, classes=CLASSES)))
    }

    def loss(base: float, iga: float, source: float, target: float) -> float:
        model.params = msgspec.structs.replace(
            method.params, lambda_base=base, lambda_iga=iga, source_weight=source,
            target_weight=target)
        with torch.no_grad():
            return float(model.loss(backbone.clip, method.ids(backbone), batches, backbone.scale))

    each = [loss(*one) for one in ((1, 0, 1, 0), (0, 1, 1, 0), (1, 0, 0, 1), (0, 1, 0, 1))]
    assert len({round(value, 4) for value in each}) == 4
    weights = [2 * 5, 3 * 5, 2 * 7, 3 * 7]
    assert loss(2, 3, 5, 7) == pytest.approx(np.dot(weights, each), rel=1e-5)
    with torch.no_grad():
        o = model.texts(backbone.clip, method.ids(backbone))
        for k, batch in enumerate(batches.values()):
            got = model.logits(model.images(backbone.clip, batch.images), o, backbone.scale)
            expected = [F.cross_entropy(x, batch.labels) for x in (got.base, got.iga)]
            assert each[2 * k : 2 * k + 2] == pytest.approx([float(x) for x in expected], rel=1e-5)
        model.params = msgspec.structs.replace(method.params, base_weight=3.0, iga_weight=0.25)
        torch.testing.assert_close(model.combine(got), 3 * got.base + 0.25 * got.iga)


def test_pca_translates_prompts_of_each_domain_by_its_own_maps(folder: Path) -> None:
    method, ctx = make("pca", prompt_sharing="per_domain"), context("pca", folder)
    method.fit(data(), ctx)
    backbone, model, _ = method._restored(ctx)
    x = method.view(backbone).evaluate(FrameTable(TEST).read(range(4)))
    with torch.no_grad():
        as_target, mixed = (model.images(backbone.clip, x, sources=n) for n in (0, 2))
        for each in model.prompts.vl_proj_source:
            each.load_state_dict(model.prompts.vl_proj[0].state_dict())
            each.bias.add_(1.0)
        after = model.images(backbone.clip, x, sources=2)
        assert torch.equal(method.images(model, backbone.clip, x), as_target)  # of the test
    torch.testing.assert_close(mixed[2:], as_target[2:])
    torch.testing.assert_close(after[2:], as_target[2:])
    assert not torch.allclose(mixed[:2], as_target[:2], atol=1e-4)
    assert not torch.allclose(after[:2], mixed[:2], atol=1e-4)


def plain_of(method: Any, given: ClipList, ctx: Any) -> tuple[Tensor, Tensor]:
    """Unit features and zero-shot probabilities of un-prompted sentences."""
    backbone = method.backbone(ctx)
    x = normalize(plain_features(FrameTable(given), Preparation(backbone), ctx))
    o = method.sentence_features(backbone, "single")
    return x, (backbone.scale * x @ o.T).softmax(-1)


def test_pca_s_pseudo_bank_holds_what_zero_shot_is_surest_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever labels the unlabelled images might still carry."""
    unlabelled = clips(12, seed=5, spectrum="nir")
    axis = torch.randn(16, generator=torch.Generator().manual_seed(0))

    def divided(scale: Tensor, features: Tensor, plain: Tensor) -> Tensor:
        """A third of the images of each class; the tiny CLIP calls all of them one."""
        rank = (normalize(features) @ axis).argsort().argsort()[:, None]
        return -9 * (3 * rank / len(rank) - torch.tensor([0.55, 1.55, 2.55])).square()

    monkeypatch.setattr(pca, "zero_shot_logits", divided)
    for given in (unlabelled, unlabelled.unlabelled(), relabelled(unlabelled, CLASSES[0])):
        method, ctx = make("pca", target_bank="pseudo", N=2, epochs=1), context("pca", folder)
        method.fit(training(SOURCE, TARGET, given), ctx)
        x, _ = plain_of(method, unlabelled, ctx)
        best, found = divided(x, x, x).softmax(-1).max(dim=1)
        assert len(found.unique()) == 3
        for c in range(len(CLASSES)):
            members = (found == c).nonzero()[:, 0]
            top = members[best[members].argsort(descending=True)[:2]]
            centre = torch.from_numpy(method.state().tensors["target_centres"][c])
            torch.testing.assert_close(centre, x[top].mean(0), atol=1e-5, rtol=0)


def test_pca_s_labelled_banks_hold_the_surest_of_each_domain_s_own_labels(folder: Path) -> None:
    method, ctx = make("pca", N=2), context("pca", folder)
    method.fit(data(), ctx)
    for name, given in (("source", SOURCE), ("target", TARGET)):
        x, p = plain_of(method, given, ctx)
        labels = FrameTable(given, classes=CLASSES).labels
        for c in range(len(CLASSES)):
            members = (labels == c).nonzero()[:, 0]
            top = members[p[members, c].argsort(descending=True)[:2]]
            centre = torch.from_numpy(method.state().tensors[f"{name}_centres"][c])
            torch.testing.assert_close(centre, x[top].mean(0), atol=1e-5, rtol=0)


def test_images_of_one_class_alone_are_not_taken_for_unlabelled_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mixed(scale: Tensor, features: Tensor, plain: Tensor) -> Tensor:
        """Zero-shot takes the images for all classes in turn."""
        return 5 * torch.eye(3)[torch.arange(len(features)) % 3]

    monkeypatch.setattr(pca, "zero_shot_logits", mixed)
    for c, name in enumerate(CLASSES):
        given = data(target=relabelled(TARGET, name))
        _, method, ctx = recorded("pca", folder, monkeypatch, given, N=6)
        assert ctx.reports["bank_target_empty_classes"] == 2
        x, _ = plain_of(method, TARGET, ctx)
        centres = torch.from_numpy(method.state().tensors["target_centres"])
        torch.testing.assert_close(centres[c], x.mean(0), atol=1e-5, rtol=0)
        assert not centres[[k for k in range(3) if k != c]].any()


@pytest.mark.parametrize("cpt", [False, True])
def test_a_learned_class_token_is_used_when_predicting(
    cpt: bool, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for learned in (False, True):
        _, method, ctx = recorded(
            "pca", folder, monkeypatch, cpt=cpt, iga=False, train_cls_token=learned)
        _, model, _ = method._restored(ctx)
        assert method.is_frozen(model) == (not cpt and not learned)
        if learned:
            found["same"] = method.predict(TEST, ctx)
            with torch.no_grad():
                model.class_token.neg_()
            found["other"] = method.predict(TEST, ctx)
        else:
            found["frozen"] = method.predict(TEST, ctx)
    np.testing.assert_allclose(found["same"], found["frozen"], atol=1e-5)
    assert not np.allclose(found["other"], found["frozen"], atol=1e-3)


@pytest.mark.parametrize(("every", "times"), [(0, 1), (1, 5), (2, 3), (3, 2)])
def test_pca_s_banks_are_rebuilt_every_so_many_epochs(
    every: int, times: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Tensor] = []
    original = pca.build_bank

    def counting(features: Tensor, *given: Any, **named: Any) -> Any:
        built.append(features)
        return original(features, *given, **named)

    monkeypatch.setattr(pca, "build_bank", counting)
    loop, _, _ = recorded("pca", folder, monkeypatch, epochs=5, bank_refresh_epochs=every)
    for step in range(loop.given["steps"]):
        loop.given["after_step"](step)
    assert len(built) == 2 * times  # of both domains
    views = built[::2]
    assert all(not torch.allclose(a, b) for a, b in pairwise(views))


def test_pda_s_banks_take_labels_of_the_source_where_zero_shot_agrees(folder: Path) -> None:
    def centres(source: ClipList, unlabelled: ClipList) -> dict[str, Any]:
        method = make("pda", epochs=1)
        ctx = context("pda", folder)
        method.fit(TrainingData(source, NONE, unlabelled, NONE, CLASSES), ctx)
        found.append(ctx.reports)
        return dict(method.state().tensors)

    found: list[Any] = []
    given = clips(12, seed=5, spectrum="nir")
    method, ctx = make("pda"), context("pda", folder)
    method.fit(data(), ctx)
    _, p = plain_of(method, SOURCE, ctx)
    wrong = ClipList([
        replace(clip, label=CLASSES[(int(k) + 1) % 3])
        for clip, k in zip(SOURCE, p.argmax(1), strict=True)])
    none, usual = centres(wrong, given), centres(SOURCE, given)
    assert not none["source_centres"].any()
    assert found[0]["bank_source_empty_slots"] == 6
    assert usual["source_centres"].any()
    # Of the target no label is asked.
    assert np.array_equal(none["target_centres"], usual["target_centres"])
    other = centres(SOURCE, relabelled(given, CLASSES[1]))
    assert np.array_equal(other["target_centres"], usual["target_centres"])


def test_pda_learns_from_pseudo_labels_it_is_sure_of() -> None:
    clip, images = tiny_clip(), torch.randn(4, 3, 16, 16)
    torch.manual_seed(0)
    model = PdaModel(clip, 3, PdaLayout(tokens=2, share=(0, 0))).eval()
    model.source_centres.normal_()
    model.target_centres.normal_()
    o, scale = normalize(torch.randn(3, 16)), clip.logit_scale.exp()
    zero_shot = torch.tensor([[.9, .1, 0], [.4, .3, .3], [.1, .1, .8], [.2, .79, .01]])
    with torch.no_grad():
        base, ift = model.logits(model.images(clip, images), o, scale)
        sure, label = [0, 2], torch.tensor([0, 2])
        expected = F.cross_entropy(base[sure], label) + F.cross_entropy(ift[sure], label)
        torch.testing.assert_close(
            model.target_loss(clip, o, images, zero_shot, 0.8), expected)
        assert float(model.target_loss(clip, o, images, zero_shot, 0.95)) == 0
        truth = torch.tensor([1, 1, 0, 2])
        torch.testing.assert_close(
            model.source_loss(clip, o, images, truth),
            F.cross_entropy(base, truth) + F.cross_entropy(ift, truth))
        torch.testing.assert_close(model.combine(base, ift, 0.25), base + 0.25 * ift)
