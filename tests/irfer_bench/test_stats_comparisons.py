"""Paired comparisons of rows, of folds, and their p-values, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from irfer_bench.statistics import comparison as stats
from irfer_bench.statistics.comparison import ItemValues, Predictions
from tests.irfer_bench.predicted import SCORES, predictions


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 1000), st.sampled_from(sorted(SCORES)))
def test_a_comparison_read_backwards_is_its_mirror(one: int, two: int, metric: str) -> None:
    a, b = (predictions(0.6, seed=s, subjects=8, each=9) for s in (one, two))
    forth = stats.compare(a, b, metric, draws=200)  # type: ignore[arg-type]
    back = stats.compare(b, a, metric, draws=200)  # type: ignore[arg-type]
    assert forth.difference == -back.difference
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert forth.p == pytest.approx(back.p)
    assert 0 < forth.p <= 1


def test_a_row_does_not_differ_from_itself() -> None:
    row = predictions(0.6)
    same = stats.compare(row, row, draws=200)
    assert (same.difference, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_rows_are_paired_by_item_and_not_by_position() -> None:
    row = predictions(0.6, subjects=8, each=9)
    order = np.random.default_rng(3).permutation(len(row.ids))
    shuffled = Predictions(
        [row.ids[i] for i in order], [row.subjects[i] for i in order],
        row.labels[order], row.predicted[order], row.classes,
    )
    result = stats.compare(row, shuffled, "macro_f1", draws=200)
    assert (result.difference, result.p) == (0.0, 1.0)


def test_rows_of_other_items_are_refused() -> None:
    row = predictions(0.6)
    fewer = Predictions(row.ids[:-1], row.subjects[:-1], row.labels[:-1], row.predicted[:-1], 6)
    with pytest.raises(ValueError, match="same items"):
        stats.compare(row, fewer)
    relabelled = Predictions(row.ids, row.subjects, (row.labels + 1) % 6, row.predicted, 6)
    with pytest.raises(ValueError, match="same items"):
        stats.rank([row, relabelled])


def test_seeds_of_an_item_are_averaged_and_must_be_complete() -> None:
    first, second = predictions(0.5, seed=1), predictions(0.9, seed=2)
    both = Predictions(
        [*first.ids, *second.ids], [*first.subjects, *second.subjects],
        np.concatenate([first.labels, second.labels]),
        np.concatenate([first.predicted, second.predicted]), 6,
    )
    mean = (stats.estimate(first)[0] + stats.estimate(second)[0]) / 2
    assert stats.estimate(both)[0] == pytest.approx(mean)
    assert stats.compare(second, both).p < 0.01
    partial = Predictions(both.ids[:-1], both.subjects[:-1], both.labels[:-1],
                          both.predicted[:-1], 6)
    with pytest.raises(ValueError, match="more seeds"):
        stats.compare(first, partial)


def test_the_paired_p_agrees_with_scipy_where_both_apply() -> None:
    """Per-subject means of one size: the cluster bootstrap is close to the paired t-test."""
    generator = np.random.default_rng(11)
    for shift in (0.0, 0.15, 0.3):
        a, b = generator.normal(shift, 1, 150), generator.normal(0, 1, 150)
        ids = [f"i{n}" for n in range(150)]
        ours = stats.compare(ItemValues(ids, ids, a), ItemValues(ids, ids, b)).p
        theirs = scipy_stats.ttest_rel(a, b).pvalue
        assert ours == pytest.approx(theirs, abs=0.02, rel=0.25)


def test_p_is_uniform_enough_when_nothing_differs() -> None:
    seen = []
    for trial in range(200):
        generator = np.random.default_rng(trial)
        ids = [f"i{n}" for n in range(30)]
        rows = [ItemValues(ids, ids, generator.normal(size=30)) for _ in range(2)]
        seen.append(stats.compare(*rows, draws=400, seed=trial).p)
    assert np.mean(np.array(seen) < 0.05) < 0.11
    assert 0.35 < np.median(seen) < 0.65


def test_few_subjects_can_never_be_significant() -> None:
    good, bad = predictions(1.0, subjects=4), predictions(0.0, subjects=4)
    assert stats.compare(good, bad).p == 2.0**-3
    assert stats.rank([good, bad]) == [1, 1]
    one = predictions(0.5, subjects=1)
    assert np.isnan(stats.estimate(one)[1])
    assert stats.compare(one, predictions(0.9, subjects=1)).p == 1.0


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 24, 119])
def test_student_tails_equal_scipy(freedom: int) -> None:
    t = np.array([0.0, 0.01, 0.7, 1.96, 4.0, 9.0, np.inf])
    ours = stats._student_p(t, freedom)
    assert np.allclose(ours, 2 * scipy_stats.t.sf(t, freedom), atol=2e-15 * freedom, rtol=1e-9)


def test_the_corrected_t_reduces_to_scipy_without_its_correction() -> None:
    differences = [0.03, 0.01, 0.05, -0.01, 0.02]
    expected = scipy_stats.ttest_1samp(differences, 0.0)
    assert stats.corrected_t(differences, 0.0) == pytest.approx(tuple(expected), rel=1e-12)


def test_the_corrected_t_on_ten_folds_by_hand() -> None:
    """Ten-fold cross-validation: n_test / n_train = 1/9 doubles the variance, nearly."""
    differences = np.arange(1.0, 11.0)
    t, p = stats.corrected_t(differences.tolist(), 1 / 9)
    plain = differences.mean() / (differences.std(ddof=1) / np.sqrt(10))
    assert t == pytest.approx(plain / np.sqrt(1 + 10 / 9))
    assert p == pytest.approx(2 * scipy_stats.t.sf(t, 9))


def test_folds_without_spread_or_alone() -> None:
    assert stats.corrected_t([0.0, 0.0], 0.25) == (0.0, 1.0)
    assert stats.corrected_t([0.1, 0.1], 0.25) == (np.inf, 0.0)
    with pytest.raises(ValueError, match="two folds"):
        stats.corrected_t([0.1], 0.25)
    mean, deviation = stats.fold_summary([1.0, 2.0, 4.0])
    assert (mean, deviation) == pytest.approx((7 / 3, np.std([1, 2, 4], ddof=1)))
    assert np.isnan(stats.fold_summary([1.0])[1])
