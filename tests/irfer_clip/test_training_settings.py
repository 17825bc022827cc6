"""What the settings of CLIP methods' trainings do: rates, batches, banks, weights of losses."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import cos, pi
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
from irfer_clip import dfer_clip, frozen_tower, linear_probe, pca, prompt_classifier
from irfer_clip.features import plain_features
from irfer_clip.images import Preparation
from irfer_clip.pda_model import PdaLayout, PdaModel
from irfer_clip.prompt_classifier import Batch
from irfer_clip.prompting import normalize
from tests.irfer_clip.small import NONE, SOURCE, TARGET, TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES, clips, relabelled, tiny_clip, training
from tests.recorder import Recorder


def recorded(
    name: str, folder: Path, patch: pytest.MonkeyPatch, given: TrainingData | None = None,
    **params: Any,
) -> tuple[Recorder, Any, Any]:
    loop = Recorder.install(patch, prompt_classifier)
    method, ctx = make(name, **params), context(name, folder)
    method.fit(given or data(), ctx)
    return loop, method, ctx


@pytest.mark.parametrize("name", ["pca", "pda", "coop", "maple"])
def test_sgd_warms_up_for_an_epoch_and_follows_a_cosine_of_epochs(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dassl's schedule: 1e-5 in the first epoch, then the largest rate, the last one above 0."""
    loop, _, _ = recorded(name, folder, monkeypatch, epochs=4, lr=0.02, batch=6)
    assert loop.given["steps"] == 12
    share = [5e-4, *((1 + cos(pi * epoch / 4)) / 2 for epoch in range(3))]
    expected = np.repeat(share, 3)
    assert [loop.given["rate"](step) for step in range(12)] == pytest.approx(list(expected))
    optimizer = loop.given["optimizer"]
    (group,) = loop.groups()
    assert type(optimizer) is torch.optim.SGD
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.02, 0.9, 5e-4)
    assert not group["nesterov"]
    assert {id(p) for p in group["params"]} == {id(p) for p in loop.module.parameters()}


def test_adamw_warms_up_for_twenty_steps_at_most_and_follows_a_cosine_of_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for epochs, length in ((4, 1.2), (100, 20)):
        loop, _, _ = recorded(
            "pca", folder, monkeypatch, epochs=epochs, lr=0.02, batch=6, optimizer="adamw")
        steps = 3 * epochs
        expected = [
            min(1, (step + 1) / length) * (1 + cos(pi * step / steps)) / 2 for step in range(steps)]
        assert [loop.given["rate"](step) for step in range(steps)] == pytest.approx(expected)
        (group,) = loop.groups()
        assert type(loop.given["optimizer"]) is torch.optim.AdamW
        assert (group["lr"], group["weight_decay"]) == (0.02, 5e-4)


def test_gradients_are_clipped_by_mpa_fer_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [recorded(name, folder, monkeypatch, **given)[0].given["clip_norm"]
             for name, given in (("pca", {}), ("mpa_fer", {}), ("mpa_fer", {"max_norm": 3.0}),
                                 ("mpa_fer", {"max_norm": 0.0}))]
    assert found == [None, 1.0, 3.0, None]


def flat(number: int, first: int, spectrum: Any) -> ClipList:
    """Images of one grey each, which any crop leaves as they are."""
    return ClipList([
        replace(clip, frames=np.full((1, 16, 16, 3), first + 3 * k, np.uint8))
        for k, clip in enumerate(clips(number, seed=first, spectrum=spectrum))
    ])


def test_a_step_takes_a_batch_of_each_domain_and_an_epoch_each_source_image_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = flat(18, 10, "vis"), flat(5, 150, "nir")
    loop, method, ctx = recorded("pca", folder, monkeypatch, training(source, target), batch=6)
    labels = {int(c.frames[0, 0, 0, 0]): CLASSES.index(c.label or "") for c in (*source, *target)}
    backbone = method.backbone(ctx)
    seen: dict[str, list[int]] = {"source": [], "target": []}
    for step in range(5):
        for name, batch in loop.given["batch"](step).items():
            red = batch.images[:, 0, 8, 8] * backbone.std[0] + backbone.mean[0]
            shown = (255 * red).round().int().tolist()
            assert batch.labels.tolist() == [labels[grey] for grey in shown]
            assert len(shown) == 6
            seen[name] += shown
    assert sorted(seen["source"][:18]) == [10 + 3 * k for k in range(18)]
    assert seen["source"][:12] != seen["source"][18:]
    assert all(Counter(seen["target"][5 * k : 5 * k + 5]) == Counter(range(150, 165, 3))
               for k in range(6))


@pytest.mark.parametrize(("transforms", "crop"), [("clip", (0.08, 1.0)), ("face", (0.8, 1.0))])
def test_training_crops_are_as_wide_as_asked_for(
    transforms: str, crop: tuple[float, float], folder: Path
) -> None:
    method = make("coop", transforms=transforms, ir_norm="per_image_std")
    view = method.view(method.backbone(context("coop", folder)))
    assert (view.crop, view.infrared) == (crop, "per_image_std")


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


def test_each_example_is_one_of_the_fixed_views_of_its_image(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        frozen_tower.FrozenTowerClassifier, "finish", lambda self, model, task: None)
    loop, method, ctx = recorded("coop", folder, monkeypatch, views=3, batch=9)
    kept = method._views["source"]
    assert kept.shape == (3, 18, 16)
    plain = plain_features(FrameTable(SOURCE), method.view(method.backbone(ctx)), ctx)
    assert torch.equal(kept[0], plain)
    labels, taken = FrameTable(SOURCE, classes=CLASSES).labels, set()
    for step in range(4):
        batch = loop.given["batch"](step)["source"]
        for row, label in zip(batch.images, batch.labels, strict=True):
            view, image = (kept == row).all(-1).nonzero()[0].tolist()
            assert labels[image] == label
            taken.add(view)
    assert taken == {0, 1, 2}


def test_the_linear_probe_s_layer_by_sgd(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Recorder.install(monkeypatch, linear_probe)
    make("linear_probe", head="sgd", lr=0.5, weight_decay=0.25, epochs=4, batch=10).fit(
        data(), context("linear_probe", folder))
    assert loop.given["steps"] == 4 * 3
    expected = np.repeat([(1 + cos(pi * epoch / 4)) / 2 for epoch in range(4)], 3)
    assert [loop.given["rate"](step) for step in range(12)] == pytest.approx(list(expected))
    (group,) = loop.groups()
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.5, 0.9, 0.25)
    epoch = sorted(i for step in range(3) for i in loop.given["batch"](step))
    assert epoch == list(range(24))


def test_balanced_domains_weigh_the_same_together(folder: Path) -> None:
    for domains, share in (("balanced", 0.5), ("pooled", 18 / 24)):
        method, ctx = make("linear_probe", domains=domains), context("linear_probe", folder)
        method.fit(data(), ctx)
        tables = [FrameTable(each, classes=CLASSES) for each in (SOURCE, TARGET)]
        found = method._examples(tables, method.backbone(ctx), ctx)
        assert found.weight[:18].sum() / found.weight.sum() == pytest.approx(share)
        assert found.weight.mean() == pytest.approx(1)


def test_held_out_images_are_trained_on_once_c_is_chosen(folder: Path) -> None:
    method, ctx = make("linear_probe"), context("linear_probe", folder)
    method.fit(data(), ctx)
    fixed, _ = run("linear_probe", folder, data(), C=ctx.reports["C"])
    apart, _ = run("linear_probe", folder, data(), refit=False)
    weight = method.state().tensors["weight"]
    assert np.allclose(weight, fixed.state().tensors["weight"], atol=1e-4)
    assert not np.allclose(weight, apart.state().tensors["weight"], atol=1e-3)


def test_dfer_clip_trains_each_part_at_its_rate_by_its_steps(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        dfer_clip, "train_on_clips", lambda name, model, logits, **given: asked.update(given))
    method = make(
        "dfer_clip", lr=0.5, lr_image=0.25, lr_prompts=0.125, weight_decay=0.0625, epochs=9,
        milestones=(3, 5), crop=0.5, flip=0.25, brightness=0.2, rotation=4.0, batch=7,
        segment_mode="full_span", selection="best_on_validation")
    method.fit(data(), context("dfer_clip", folder))
    groups = asked["optimizer"].param_groups
    assert [group["lr"] for group in groups] == [0.5, 0.25, 0.125]
    assert {(group["momentum"], group["weight_decay"]) for group in groups} == {(0.9, 0.0625)}
    recipe, inputs = asked["recipe"], asked["inputs"]
    assert (recipe.epochs, recipe.batch, recipe.selection) == (9, 7, "best_on_validation")
    assert [recipe.rate(epoch) for epoch in range(7)] == pytest.approx([1, 1, 1, .1, .1, .01, .01])
    view = inputs.view
    assert (view.area, view.flip, view.brightness, view.rotation) == ((0.5, 1.0), 0.25, 0.2, 4.0)
    assert (inputs.sampling.segments, inputs.sampling.mode) == (3, "full_span")
