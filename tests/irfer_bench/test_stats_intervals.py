"""Bootstrap intervals against scipy, scikit-learn and what an interval promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from irfer_bench.statistics import comparison as stats
from irfer_bench.statistics.comparison import Predictions
from tests.irfer_bench.predicted import SCORES, predictions


def test_a_resample_takes_whole_subjects_and_is_reproducible() -> None:
    groups = stats.clusters(["b", "a", "b", None, None], ["1", "2", "3", "4", "5"])
    assert groups.tolist() == [3, 2, 3, 0, 1]
    for index in stats.resample(groups, draws=50, seed=3):
        times = np.bincount(index, minlength=5)
        assert times[0] == times[2]
        assert sum(times[[0, 1, 3, 4]]) == 4
    again = list(stats.resample(groups, draws=50, seed=3))
    assert all(np.array_equal(a, b) for a, b in zip(
        again, stats.resample(groups, draws=50, seed=3), strict=True))


def test_a_subject_and_an_item_of_one_name_are_two_clusters() -> None:
    assert len(set(stats.clusters(["x", None], ["y", "x"]).tolist())) == 2


def test_the_fast_path_gives_the_draws_of_the_general_one() -> None:
    row = predictions(0.6, subjects=9, each=7)
    groups = stats.clusters(row.subjects, row.ids)
    values = np.random.default_rng(5).normal(size=len(row.ids))
    slow = stats.bootstrap(lambda i: float(values[i].mean()), groups, 40, seed=2)
    assert np.allclose(stats.bootstrap_mean(values, groups, 40, seed=2), slow, atol=1e-12)


@pytest.mark.parametrize("metric", SCORES)
def test_estimates_equal_scikit_learn_on_the_same_resamples(metric: stats.MetricName) -> None:
    row = predictions(0.6, subjects=9, each=7)
    groups = stats.clusters(row.subjects, row.ids)

    def compute(index: np.ndarray) -> float:
        return SCORES[metric](row.labels[index], row.predicted[index], row.classes)

    expected = stats.interval(stats.bootstrap(compute, groups, 60, seed=4))
    value, low, high = stats.estimate(row, metric, draws=60, seed=4)
    assert value == pytest.approx(compute(np.arange(len(row.ids))), abs=1e-12)
    assert (low, high) == pytest.approx(expected, abs=1e-12)


def test_the_interval_of_a_mean_agrees_with_scipy_bootstrap() -> None:
    values = np.random.default_rng(0).gamma(2.0, size=300)
    ours = stats.interval(stats.bootstrap_mean(values, np.arange(300), 4000, seed=1))
    theirs = scipy_stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    width = theirs.high - theirs.low
    assert abs(ours[0] - theirs.low) < 0.06 * width
    assert abs(ours[1] - theirs.high) < 0.06 * width


def test_subjects_that_agree_with_themselves_widen_the_interval() -> None:
    wrong = np.repeat(np.arange(12) % 3 == 0, 40)
    row = Predictions(
        [f"i{n}" for n in range(480)], [f"p{n // 40}" for n in range(480)],
        np.zeros(480, int), wrong.astype(int), 2,
    )
    alone = Predictions(row.ids, [None] * 480, row.labels, row.predicted, 2)
    _, low, high = stats.estimate(row)
    _, low_alone, high_alone = stats.estimate(alone)
    assert high - low > 4 * (high_alone - low_alone)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    hits = 0
    for trial in range(200):
        generator = np.random.default_rng(trial)
        skill = np.repeat(generator.normal(0.0, 1.0, 40), 10)
        values = skill + generator.normal(0.0, 1.0, 400)
        low, high = stats.interval(
            stats.bootstrap_mean(values, np.repeat(np.arange(40), 10), 400, seed=trial))
        hits += low <= 0.0 <= high
    assert 0.88 <= hits / 200 <= 0.985


def test_draws_without_a_value_are_left_out_of_an_interval() -> None:
    assert stats.interval(np.array([np.nan, 1.0, 2.0, np.nan]), 1.0) == (1.0, 2.0)
    assert all(np.isnan(stats.interval(np.array([np.nan]))))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 0.95), st.sampled_from(sorted(SCORES)))
def test_an_interval_contains_its_point(seed: int, accuracy: float, metric: str) -> None:
    row = predictions(accuracy, seed=seed)
    value, low, high = stats.estimate(row, metric, draws=300)  # type: ignore[arg-type]
    assert low - 0.01 <= value <= high + 0.01
