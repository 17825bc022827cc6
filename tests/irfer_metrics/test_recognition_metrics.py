"""Metrics of recognition against scikit-learn, and the judge's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score, recall_score

from irfer_bench.api import UnavailableError
from irfer_metrics import recognition
from tests.irfer_metrics.given import COMPONENTS, inputs, make


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=50, deadline=None)
@given(st.data())
def test_formulas_equal_scikit_learn(data: st.DataObject) -> None:
    labels = np.array(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=30)))
    guess = np.array(data.draw(
        st.lists(st.integers(0, 4), min_size=len(labels), max_size=len(labels))))
    confusion = recognition.confusion_matrix(labels, guess, 5)
    every = f1_score(labels, guess, labels=range(5), average="macro", zero_division=0)
    assert recognition.macro_f1(confusion) == pytest.approx(every)
    assert recognition.macro_f1_present(confusion) == pytest.approx(
        f1_score(labels, guess, average="macro", zero_division=0))
    assert recognition.uar(confusion) == pytest.approx(balanced_accuracy_score(labels, guess))
    assert recognition.weighted_f1(confusion) == pytest.approx(
        f1_score(labels, guess, average="weighted", zero_division=0))
    assert recognition.accuracy(confusion) == pytest.approx(np.mean(labels == guess))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_each_announced_name_has_its_own_formula() -> None:
    """Unbalanced classes, of which one is neither true nor predicted: all values differ."""
    labels = np.array([0] * 9 + [1] * 3)
    guess = np.array([0] * 8 + [1] + [1, 0, 0])
    given_ = inputs(labels=labels, scores=np.log(np.eye(3)[guess] * 0.9 + 0.05))
    every: dict[str, Any] = {"labels": range(3), "zero_division": 0}
    expected = {
        "accuracy": np.mean(labels == guess),
        "uar": balanced_accuracy_score(labels, guess),
        "uar_all_labels": recall_score(labels, guess, average="macro", **every),
        "macro_f1": f1_score(labels, guess, average="macro", **every),
        "macro_f1_present": f1_score(labels, guess, average="macro"),
        "weighted_f1": f1_score(labels, guess, average="weighted"),
    }
    assert len({round(value, 6) for value in expected.values()}) == len(expected)
    found = {name: make(name).compute(given_) for name in (*expected, "war")}
    assert found == pytest.approx(expected | {"war": expected["accuracy"]})


def test_the_judge_and_what_is_kept() -> None:
    labels = np.arange(12) % 3
    right, guess = np.log(np.eye(3)[labels] * 0.9 + 0.05), np.log(np.full((12, 3), 1 / 3))
    half = np.where((np.arange(12) < 6)[:, None], right, guess)
    given_ = inputs(scores=right, pair_scores=half, pair_target_scores=right)
    assert make("judge_accuracy").compute(given_) == pytest.approx(8 / 12)
    assert make("judge_kept").compute(given_) == pytest.approx((8 / 12 - 1 / 3) / (2 / 3))
    without = inputs(scores=right, pair_scores=half, pair_target_scores=None)
    assert make("judge_kept").compute(without) == make("judge_kept").compute(given_)
    blind = inputs(scores=guess, pair_scores=half, pair_target_scores=guess)
    with pytest.raises(UnavailableError, match="at chance"):
        make("judge_kept").compute(blind)
    assert np.isnan(make("judge_kept").compute(blind, np.array([0, 1, 2])))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_sums_over_any_items_give_what_compute_gives(data: st.DataObject) -> None:
    """Also where classes are missing from the truth, from the guesses or from both."""
    count = data.draw(st.integers(1, 15))
    numbers = st.lists(st.integers(0, 2), min_size=count, max_size=count)
    labels, guess, judged = (np.array(data.draw(numbers)) for _ in range(3))
    index = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=30)))
    scores, pair_scores = (np.log(np.eye(3)[found] * 0.9 + 0.05) for found in (guess, judged))
    given_ = inputs(labels=labels, scores=scores, pair_labels=labels, pair_scores=pair_scores,
                    pair_target_scores=scores)  # fmt: skip
    for component in COMPONENTS:
        if component.factory.startswith("irfer_metrics.recognition"):
            metric: Any = make(component.name)
            sums = metric.summands(given_)[index].sum(0)
            expected = metric.compute(given_, index)
            assert metric.from_sums(sums) == pytest.approx(expected, nan_ok=True), component.name
