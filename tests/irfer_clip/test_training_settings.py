"""What the settings of CLIP methods' trainings do: rates, batches, views, weights of losses."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.nn.frames import FrameTable
from irfer_bench.testing.memory import ClipList
from irfer_clip import dfer_clip, frozen_tower, linear_probe
from irfer_clip.features import plain_features
from tests.irfer_clip.small import (
    PROMPTED,
    SOURCE,
    TARGET,
    context,
    data,
    make,
    recorded,
    run,
)
from tests.irfer_clip.tiny import CLASSES, clips, training
from tests.recorder import Recorder


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


@pytest.mark.parametrize(("images", "steps"), [(4, 3), (6, 3), (11, 3), (12, 6)])
def test_an_epoch_of_fewer_images_than_a_batch_has_one_step(
    images: int, steps: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = training(flat(images, 10, "vis"), ClipList([]))
    loop, _, _ = recorded("coop", folder, monkeypatch, only, batch=6, epochs=3)
    assert loop.given["steps"] == steps


@pytest.mark.parametrize("name", PROMPTED)
def test_images_of_other_people_do_not_shorten_the_training(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch passes over the larger domain; PDA's, whose target has no labels, over the source.

    In `augmented` settings the labelled target is the larger one.
    """
    few, many = flat(6, 10, "vis"), flat(24, 60, "nir")
    given = training(few, many, many.unlabelled())
    loop, _, _ = recorded(name, folder, monkeypatch, given, batch=6, epochs=3)
    assert loop.given["steps"] == (3 if name == "pda" else 12)


@pytest.mark.parametrize(("views", "encoded"), [(0, 0), (1, 0), (3, 4)])
def test_further_views_of_both_domains_are_encoded_once_for_all_epochs(
    views: int, encoded: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        frozen_tower.FrozenTowerClassifier, "finish", lambda self, model, task: None)
    calls, encode = [], frozen_tower.augmented_features
    monkeypatch.setattr(
        frozen_tower, "augmented_features", lambda *given: calls.append(1) or encode(*given))
    loop, _, _ = recorded("coop", folder, monkeypatch, views=views, batch=9, epochs=2)
    for step in range(loop.given["steps"]):
        loop.given["after_step"](step)
    assert len(calls) == encoded


@pytest.mark.parametrize(("transforms", "crop"), [("clip", (0.08, 1.0)), ("face", (0.8, 1.0))])
def test_training_crops_are_as_wide_as_asked_for(
    transforms: str, crop: tuple[float, float], folder: Path
) -> None:
    method = make("coop", transforms=transforms, ir_norm="per_image_std")
    view = method.view(method.backbone(context("coop", folder)))
    assert (view.crop, view.infrared) == (crop, "per_image_std")


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
