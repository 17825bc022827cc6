"""Bootstrap intervals against scipy, scikit-learn and simulated coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from irfer_bench.statistics.bootstrap import bootstrap, bootstrap_sums, interval, intervals
from irfer_bench.statistics.resampling import clusters, resample, resample_fits
from tests.irfer_bench.statistics.predicted import (
    SCORES,
    Predictions,
    mean_row,
    predictions,
    seeds,
)


def test_a_resample_takes_whole_subjects_and_is_reproducible() -> None:
    groups = clusters(["b", "a", "b", None, None], ["1", "2", "3", "4", "5"])
    assert groups.tolist() == [3, 2, 3, 0, 1]
    for index in resample(groups, draws=50, seed=3):
        times = np.bincount(index, minlength=5)
        assert times[0] == times[2]
        assert sum(times[[0, 1, 3, 4]]) == 4
    again = list(resample(groups, draws=50, seed=3))
    assert all(np.array_equal(a, b) for a, b in zip(
        again, resample(groups, draws=50, seed=3), strict=True))


def test_a_subject_and_an_item_of_one_name_are_two_clusters() -> None:
    assert len(set(clusters(["x", None], ["y", "x"]).tolist())) == 2


def test_sums_give_the_draws_of_the_general_bootstrap() -> None:
    groups = np.repeat(np.arange(9), 7)
    values = np.random.default_rng(5).normal(size=63)
    slow = bootstrap(lambda i: float(values[i].mean()), groups, 40, seed=2)
    fast = bootstrap_sums([mean_row(values, groups)], 40, seed=2)[:, 0]
    assert np.allclose(fast, slow, atol=1e-12)


def test_fits_are_drawn_first_and_the_same_subjects_in_each() -> None:
    """The table of sums and the general resampling of items draw the same fits and subjects."""
    generator = np.random.default_rng(5)
    groups, values = np.repeat(np.arange(4), 3), generator.normal(size=(3, 12))
    row = seeds(*(mean_row(own, groups) for own in values))
    everything = values.ravel()
    chosen = resample_fits(np.repeat(np.arange(3), 12), np.tile(groups, 3), 60, seed=1)
    slow = [everything[index].mean() for index in chosen]
    assert np.allclose(bootstrap_sums([row], 60, seed=1)[:, 0], slow, atol=1e-12)
    one = list(resample_fits(np.zeros(12, int), groups, 5))
    assert all(np.array_equal(a, b) for a, b in zip(one, resample(groups, 5), strict=True))


@pytest.mark.parametrize("metric", SCORES)
def test_intervals_equal_scikit_learn_on_the_same_resamples(metric: str) -> None:
    row = predictions(0.6, subjects=9, each=7)

    def compute(index: np.ndarray) -> float:
        return SCORES[metric](row.labels[index], row.predicted[index], row.classes)

    expected = interval(bootstrap(compute, clusters(row.subjects, row.ids), 60, seed=4))
    found = interval(bootstrap_sums([row.sums(metric)], 60, seed=4)[:, 0])
    assert row.sums(metric).value == pytest.approx(compute(np.arange(len(row.ids))), abs=1e-12)
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_interval_of_a_mean_agrees_with_scipy_bootstrap() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=300)
    ours = interval(bootstrap_sums([mean_row(values)], 4000, seed=1)[:, 0])
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert abs(ours[0] - theirs.low) < 0.06 * width
    assert abs(ours[1] - theirs.high) < 0.06 * width


def test_subjects_that_agree_with_themselves_widen_the_interval() -> None:
    wrong = np.repeat(np.arange(12) % 3 == 0, 40)
    ids = [f"i{n}" for n in range(480)]
    labels = np.zeros(480, int)
    row = Predictions(ids, [f"p{n // 40}" for n in range(480)], labels, wrong.astype(int), 2)
    alone = Predictions(ids, [None] * 480, labels, wrong.astype(int), 2)
    ((low, high),) = intervals([row.sums()])
    ((low_alone, high_alone),) = intervals([alone.sums()])
    assert high - low > 4 * (high_alone - low_alone)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    hits = 0
    for trial in range(200):
        generator = np.random.default_rng(trial)
        skill = np.repeat(generator.normal(0.0, 1.0, 40), 10)
        row = mean_row(skill + generator.normal(0.0, 1.0, 400), np.repeat(np.arange(40), 10))
        low, high = interval(bootstrap_sums([row], 400, seed=trial)[:, 0])
        hits += low <= 0.0 <= high
    assert 0.88 <= hits / 200 <= 0.985


def hierarchical(generator: np.random.Generator, fits: int, spread: float) -> np.ndarray:
    """(fits, 40) values of true mean 0: fits and subjects vary, and their meeting a little."""
    of_fit, of_subject = generator.normal(0, spread, (fits, 1)), generator.normal(0, 1, 40)
    return of_fit + of_subject + generator.normal(0, 0.5, (fits, 40))


def test_intervals_over_fits_and_subjects_cover_what_training_again_gives() -> None:
    """With five fits nearly the promise; with one seed alone far from it (hence the legend)."""
    hits = {"five": 0, "one": 0}
    for trial in range(200):
        values = hierarchical(np.random.default_rng(trial), 5, 0.4)
        rows = {"five": seeds(*map(mean_row, values)), "one": mean_row(values[0])}
        for name, row in rows.items():
            low, high = interval(bootstrap_sums([row], 300, seed=trial)[:, 0])
            hits[name] += low <= 0.0 <= high
    assert 0.86 <= hits["five"] / 200 <= 0.985
    assert hits["one"] / 200 < 0.70


def test_rows_together_get_the_intervals_they_get_alone() -> None:
    made = [predictions(a, seed=s, subjects=9, each=7) for s, a in enumerate((0.4, 0.8))]
    rows = [row.sums("uar") for row in made]
    assert np.allclose(intervals(rows), [intervals([row])[0] for row in rows], atol=1e-12)


def test_draws_without_a_value_are_left_out_of_an_interval() -> None:
    assert interval(np.array([np.nan, 1.0, 2.0, np.nan]), 1.0) == (1.0, 2.0)
    assert all(np.isnan(interval(np.array([np.nan]))))
    assert np.isnan(intervals([predictions(0.5, subjects=1).sums()])[0]).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.sampled_from(sorted(SCORES)))
def test_an_interval_contains_its_point(seed: int, accuracy: float, metric: str) -> None:
    row = predictions(accuracy, seed=seed).sums(metric)
    ((low, high),) = intervals([row], 300)
    assert low - 0.01 <= row.value <= high + 0.01
