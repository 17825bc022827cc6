"""Statistics against scipy, statsmodels, scikit-learn, a published example and their properties."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.metrics import balanced_accuracy_score, f1_score
from statsmodels.stats.multitest import multipletests

from irfer_bench import stats
from irfer_bench.stats import ItemValues, Predictions

SCORES = {
    "accuracy": lambda y, p, c: float(np.mean(y == p)),
    "uar": lambda y, p, c: float(balanced_accuracy_score(y, p)),
    "macro_f1": lambda y, p, c: float(
        f1_score(y, p, labels=range(c), average="macro", zero_division=0)
    ),
}


def predictions(
    accuracy: float, *, seed: int = 0, subjects: int = 24, each: int = 30, classes: int = 6,
    labels_seed: int = 0,
) -> Predictions:
    """A made-up row that is right with the given probability."""
    labels = np.random.default_rng(labels_seed).integers(classes, size=subjects * each)
    generator = np.random.default_rng(seed + 1)
    wrong = (labels + generator.integers(1, classes, size=labels.size)) % classes
    predicted = np.where(generator.random(labels.size) < accuracy, labels, wrong)
    return Predictions(
        ids=[f"i{n}" for n in range(labels.size)],
        subjects=[f"p{n // each}" for n in range(labels.size)],
        labels=labels, predicted=predicted, classes=classes,
    )


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


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_equals_statsmodels_and_keeps_the_order(p: list[float]) -> None:
    ours = stats.holm(np.array(p))
    assert np.allclose(ours, multipletests(p, method="holm")[1], atol=1e-12)
    assert np.all(ours >= np.array(p) - 1e-15)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(ours[order]) >= 0)


def test_holm_on_the_published_example() -> None:
    """The example of Wikipedia's page on the method: at 5 %, H1 and H4 fall, H2 and H3 stand."""
    adjusted = stats.holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert (adjusted <= 0.05).tolist() == [True, False, False, True]


def test_rows_that_cannot_be_separated_share_a_rank() -> None:
    rows = [predictions(a, seed=s) for s, a in enumerate((0.90, 0.90, 0.60, 0.59, 0.20))]
    assert stats.rank(rows) == [1, 1, 3, 3, 5]
    assert stats.rank(rows[:1]) == [1]
    assert stats.rank([]) == []
    assert stats.rank([rows[i] for i in (4, 2, 0, 3, 1)]) == [5, 3, 1, 3, 1]


def test_lower_can_be_better() -> None:
    generator = np.random.default_rng(0)
    ids = [f"i{n}" for n in range(60)]
    base = generator.normal(size=60)
    rows = [ItemValues(ids, ids, base + shift) for shift in (0.5, 0.0)]
    assert stats.rank(rows, higher_is_better=False) == [2, 1]
    assert stats.rank(rows) == [1, 2]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 0.95), min_size=2, max_size=6), st.sampled_from(sorted(SCORES)))
def test_ranks_admit_ties_and_never_contradict_the_points(
    accuracies: list[float], metric: str
) -> None:
    rows = [predictions(a, seed=s, subjects=12, each=10) for s, a in enumerate(accuracies)]
    ranks = stats.rank(rows, metric, draws=300)  # type: ignore[arg-type]
    points = [stats.estimate(r, metric, draws=2)[0] for r in rows]  # type: ignore[arg-type]
    assert ranks[int(np.argmax(points))] == 1
    assert all(1 <= r <= len(rows) for r in ranks)


def test_many_rows_are_still_separable() -> None:
    """With 20 rows Holm asks for p < 0.0003, below what counting 2000 draws can show."""
    rows = [predictions(0.3 + 0.6 * (s == 7), seed=s) for s in range(20)]
    ranks = stats.rank(rows)
    assert ranks[7] == 1
    assert all(r == 2 for s, r in enumerate(ranks) if s != 7)


def test_twenty_rows_rank_within_seconds() -> None:
    rows = [predictions(0.5 + 0.02 * s, seed=s) for s in range(20)]
    start = time.process_time()
    for metric in SCORES:
        stats.rank(rows, metric)  # type: ignore[arg-type]
    assert time.process_time() - start < 6.0


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
