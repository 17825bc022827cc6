"""Linear probe: the regression itself, the search of C, what is held out, and the switches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from irfer_bench.api import RefusedError, TrainingData
from irfer_bench.testing.memory import ClipList
from irfer_clip.logistic import (
    COARSE,
    Examples,
    fit_logistic,
    hold_out,
    search_inverse_strength,
)
from tests.irfer_clip.small import NONE, SOURCE, TARGET, TEST, context, data, make, run
from tests.irfer_clip.tiny import CLASSES, clips


def _examples(n: int = 60, seed: int = 0) -> Examples:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    weight = rng.uniform(0.5, 1.5, n)
    return Examples(rng.normal(size=(n, 5)) + np.eye(3, 5)[y], y, weight / weight.mean())


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e2])
def test_the_regression_is_scikit_learns(C: float) -> None:
    own = _examples()
    theirs = LogisticRegression(C=C, max_iter=1000, tol=1e-6)
    theirs.fit(own.x, own.y, sample_weight=own.weight)
    found = fit_logistic(own, 3, C)
    logits = own.x @ found.W.T + found.b
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    assert np.allclose(p, theirs.predict_proba(own.x), atol=2e-3)


def test_another_start_ends_in_the_same_place() -> None:
    own = _examples()
    far = fit_logistic(own, 3, 1e4)
    one, two = (fit_logistic(own, 3, 0.1, start=start) for start in (None, far))
    assert np.allclose(one.W, two.W, atol=5e-3)


def test_the_search_is_a_coarse_grid_and_eight_bisections() -> None:
    tried: list[float] = []

    def accuracy(C: float) -> float:
        tried.append(C)
        return -abs(np.log10(C) - 0.8)  # the peak lies between 1 and 10

    best, _ = search_inverse_strength(accuracy)
    assert tried[:7] == list(COARSE) == [10.0**k for k in (6, 4, 2, 0, -2, -4, -6)]
    assert len(tried) == 7 + 16
    assert tried[7:9] == pytest.approx([0.1, 10.0])
    assert np.log10(best) == pytest.approx(0.8, abs=0.02)


def test_equal_accuracies_take_the_largest_of_the_grid_and_then_the_left_end() -> None:
    best, _ = search_inverse_strength(lambda C: 0.5)
    assert best == pytest.approx(10.0 ** (6 - 1))


def test_whole_subjects_are_held_out_and_no_class_loses_its_last_image() -> None:
    owners = [f"s{i // 3}" for i in range(30)]
    y = np.array([0, 1, 2] * 10)
    held = hold_out(owners, y, 0.3, np.random.default_rng(0))
    assert held.sum() == 9
    for subject in set(owners):
        assert len({bool(held[i]) for i, name in enumerate(owners) if name == subject}) == 1
    y[:3] = 3  # the only images of a class belong to s0
    for seed in range(20):
        held = hold_out(owners, y, 0.9, np.random.default_rng(seed))
        assert not held[:3].any()


SWITCHES: list[dict[str, Any]] = [
    {"features": "preproj"}, {"normalize_features": True}, {"head": "sgd"}, {"C": 1e-4},
    {"domains": "balanced"}, {"refit": False},
]  # fmt: skip


@pytest.mark.parametrize("switch", SWITCHES, ids=str)
def test_every_switch_changes_the_scores(folder: Path, switch: dict[str, Any]) -> None:
    _, usual = run("linear_probe", folder, data())
    _, other = run("linear_probe", folder, data(), **switch)
    assert not np.allclose(usual, other, atol=1e-5)


@pytest.mark.parametrize("head", ["lbfgs", "sgd"])
def test_it_learns_and_reports_what_it_chose(folder: Path, head: str) -> None:
    method, ctx = make("linear_probe", head=head), context("linear_probe", folder)
    method.fit(data(), ctx)
    truth = [CLASSES.index(label or "") for label in TEST.labels]
    assert (method.predict(TEST, ctx).argmax(axis=1) == truth).mean() >= 0.6
    assert ctx.reports["trained_parameters"] == 3 * 17
    chosen = {"C", "train_accuracy", "validation_accuracy"}
    assert chosen & ctx.reports.keys() == (chosen if head == "lbfgs" else set())
    if head == "lbfgs":
        scores = method.predict(ClipList([*SOURCE, *TARGET]), ctx).argmax(axis=1)
        labels = [CLASSES.index(clip.label or "") for clip in (*SOURCE, *TARGET)]
        assert ctx.reports["train_accuracy"] == round(float((scores == labels).mean()), 4)
        assert 0 < float(str(ctx.reports["validation_accuracy"])) <= 1


def test_two_classes_are_enough(folder: Path) -> None:
    two = ClipList([clip for clip in SOURCE if clip.label in CLASSES[:2]])
    method, ctx = make("linear_probe", C=1.0), context("linear_probe", folder)
    method.fit(TrainingData(two, NONE, NONE, NONE, CLASSES[:2]), ctx)
    assert method.predict(TEST, ctx).shape == (len(TEST), 2)


def test_embeddings_are_of_the_chosen_layer(folder: Path) -> None:
    method, ctx = make("linear_probe", features="preproj"), context("linear_probe", folder)
    method.fit(data(), ctx)
    assert method.embed(TEST, ctx).shape == (9, 24)


def test_validation_clips_of_the_setting_choose_and_are_not_trained_on(folder: Path) -> None:
    validation = clips(9, seed=21, spectrum="nir")
    given = TrainingData(SOURCE, TARGET, NONE, validation, CLASSES)
    method, ctx = make("linear_probe"), context("linear_probe", folder)
    method.fit(given, ctx)
    assert ctx.reports["validation_images"] == len(validation)
    fixed, _ = run("linear_probe", folder, data(), C=ctx.reports["C"])
    for name, tensor in fixed.state().tensors.items():
        assert np.allclose(tensor, method.state().tensors[name], atol=1e-5), name


def test_one_subject_alone_cannot_choose(folder: Path) -> None:
    one = ClipList([clip for clip in SOURCE if clip.subject == "s0"])
    with pytest.raises(RefusedError, match=r"linear_probe\.C"):
        run("linear_probe", folder, data(source=one, target=NONE))
    _, scores = run("linear_probe", folder, data(source=one, target=NONE), C=1.0)
    assert np.isfinite(scores).all()
