"""Metrics of recognition against scikit-learn, and the judge's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, f1_score

from irfer_bench.api import UnavailableError
from irfer_metrics import recognition
from tests.irfer_metrics.given import inputs, make


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
