"""Paired comparisons of rows, of folds, and their p-values, against scipy and simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from irfer_bench.statistics.comparison import (
    compare,
    corrected_t,
    fold_summary,
    p_values,
)
from irfer_bench.statistics.permutation import contributions, pair_p
from tests.irfer_bench.statistics.predicted import (
    SCORES,
    Predictions,
    mean_row,
    predictions,
    seeds,
)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 1000), st.sampled_from(sorted(SCORES)))
def test_a_comparison_read_backwards_is_its_mirror(one: int, two: int, metric: str) -> None:
    a, b = (predictions(0.6, seed=s, subjects=8, each=9).sums(metric) for s in (one, two))
    forth, back = compare(a, b, draws=200), compare(b, a, draws=200)
    assert forth.difference == -back.difference
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low), abs=1e-12)
    assert forth.p == pytest.approx(back.p)
    assert 0 < forth.p <= 1


def test_a_row_does_not_differ_from_itself() -> None:
    row = predictions(0.6).sums()
    same = compare(row, row, draws=200)
    assert (same.difference, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_rows_are_paired_by_item_and_not_by_position() -> None:
    row = predictions(0.6, subjects=8, each=9)
    order = np.random.default_rng(3).permutation(len(row.ids))
    shuffled = Predictions(
        [row.ids[i] for i in order], [row.subjects[i] for i in order],
        row.labels[order], row.predicted[order], row.classes,
    )
    result = compare(row.sums("macro_f1"), shuffled.sums("macro_f1"), draws=200)
    assert (result.difference, result.p) == (0.0, 1.0)


def test_rows_of_other_items_are_refused() -> None:
    row = predictions(0.6)
    fewer = Predictions(row.ids[:-1], row.subjects[:-1], row.labels[:-1], row.predicted[:-1])
    relabelled = Predictions(row.ids, row.subjects, (row.labels + 1) % 6, row.predicted)
    for other in (fewer, relabelled):
        with pytest.raises(ValueError, match="same items"):
            compare(row.sums(), other.sums())


@pytest.mark.parametrize("metric", SCORES)
def test_the_exact_p_counts_every_swap_of_subjects(metric: str) -> None:
    """Against all 2^7 ways to swap two rows' predictions of a subject, one by one."""
    a, b = (predictions(q, seed=s, subjects=7, each=8) for s, q in ((0, 0.55), (1, 0.75)))
    score = SCORES[metric]
    observed = abs(score(a.labels, a.predicted, 6) - score(b.labels, b.predicted, 6))
    larger = 0
    for swaps in product((False, True), repeat=7):
        swap = np.repeat(swaps, 8)
        one = np.where(swap, b.predicted, a.predicted)
        two = np.where(swap, a.predicted, b.predicted)
        larger += abs(score(a.labels, one, 6) - score(a.labels, two, 6)) >= observed - 1e-12
    assert compare(a.sums(metric), b.sums(metric), draws=2).p == pytest.approx(larger / 2**7)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 20), st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 100))
def test_p_knows_neither_unit_nor_offset_nor_order_of_subjects(
    count: int, seed: int, offset: float, unit: float
) -> None:
    generator = np.random.default_rng(seed)
    a, b = generator.normal(0.3, 1, count), generator.normal(0, 1, count)
    p = compare(mean_row(a), mean_row(b), draws=2).p
    assert 2.0 ** (1 - count) <= p <= 1
    moved = compare(mean_row(unit * a + offset), mean_row(unit * b + offset), draws=2).p
    order = generator.permutation(count)
    mixed = compare(mean_row(a[order]), mean_row(b[order]), draws=2).p
    close = 1e-12 if count <= 12 else 0.03
    assert moved == pytest.approx(p, rel=1e-6, abs=1e-9)
    assert mixed == pytest.approx(p, abs=close)


@pytest.mark.parametrize("count", [10, 40])
def test_the_p_of_a_mean_is_scipys_permutation_test(count: int) -> None:
    generator = np.random.default_rng(3)
    for shift in (0.1, 0.5):
        a, b = generator.normal(shift, 1, count), generator.normal(0, 1, count)
        ours = compare(mean_row(a), mean_row(b), draws=2).p
        theirs = scipy_stats.permutation_test(
            (a, b), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=9999,
            rng=np.random.default_rng(1),
        ).pvalue
        assert ours == pytest.approx(theirs, abs=1e-12 if count == 10 else 0.03)


def test_a_metric_that_is_no_sum_is_swapped_and_a_sum_is_recognised() -> None:
    rows = [predictions(a, seed=s, subjects=20).sums("uar") for s, a in enumerate((0.5, 0.6))]
    tables = np.stack([row.mean for row in rows])
    assert contributions(tables, rows[0].from_sums) is not None
    f1 = [predictions(a, seed=s, subjects=20).sums("macro_f1") for s, a in enumerate((0.5, 0.6))]
    assert contributions(np.stack([row.mean for row in f1]), f1[0].from_sums) is None
    unequal = [mean_row(np.arange(n), np.arange(n) % 20) for n in (40, 50)]
    assert contributions(np.stack([r.mean for r in unequal]), unequal[0].from_sums) is None


def test_both_ways_to_permute_agree() -> None:
    """A sum through the general way: with a from_sums that hides that it is one."""
    generator = np.random.default_rng(2)
    tables = generator.normal(0.1, 1, (2, 30, 1))
    _, linear = pair_p(tables, lambda sums: sums[..., 0] / 30)
    _, general = pair_p(tables, lambda sums: np.tanh(sums[..., 0] / 1e3) * 1e3)
    assert general[0, 1] == pytest.approx(linear[0, 1], rel=0.05)


def test_a_clear_difference_has_a_bound_no_smaller_than_the_exact_p() -> None:
    """Beyond what draws can count, p is Hoeffding's bound: here all 30 subjects agree."""
    generator = np.random.default_rng(2)
    tables = np.stack([generator.normal(3, 0.1, 30), np.zeros(30)])[..., None]
    _, p = pair_p(tables, lambda sums: sums[..., 0])
    assert 2.0**-29 <= p[0, 1] < 1e-6


@pytest.mark.parametrize("metric", ["mean", "macro_f1"])
def test_the_test_has_its_size_when_nothing_differs(metric: str) -> None:
    seen = []
    for trial in range(1000 if metric == "mean" else 300):
        generator = np.random.default_rng(trial)
        if metric == "mean":
            subject = generator.normal(size=25)
            rows = [mean_row(subject + generator.exponential(size=25)) for _ in range(2)]
        else:
            rows = [
                predictions(0.6, seed=2 * trial + s, subjects=14, each=8).sums(metric)
                for s in range(2)
            ]
        seen.append(p_values(rows)[1][0, 1])
    share = np.mean(np.array(seen) <= 0.05)
    assert 0.025 <= share <= 0.075
    assert 0.4 < np.median(seen) < 0.6


def trained(generator: np.random.Generator, fits: int, shift: float = 0.0) -> list[np.ndarray]:
    """Values of some fits of one method: training again changes all subjects together."""
    subject = np.random.default_rng(int(generator.integers(1 << 30))).normal(0, 0.3, 40)
    return [shift + generator.normal(0, 0.3) + subject + generator.normal(0, 1, 40)
            for _ in range(fits)]


def test_fits_that_differ_among_themselves_are_no_difference_of_methods() -> None:
    """Two methods of one law: one fit each is told apart far too often, three fits are not."""
    found = {1: [], 3: []}
    for trial in range(200):
        generator = np.random.default_rng(trial)
        for fits, p in found.items():
            rows = [seeds(*map(mean_row, trained(generator, fits))) for _ in range(2)]
            p.append(p_values(rows, seed=trial)[1][0, 1])
    assert np.mean(np.array(found[1]) <= 0.05) > 0.2
    assert np.mean(np.array(found[3]) <= 0.05) < 0.09
    generator = np.random.default_rng(0)
    rows = [seeds(*map(mean_row, trained(generator, 5, shift))) for shift in (0.0, 2.0)]
    assert compare(*rows, draws=200).p < 0.01
    assert compare(*rows, draws=2).fits == 5


def test_few_subjects_can_never_be_significant() -> None:
    good, bad = (predictions(a, subjects=4).sums() for a in (1.0, 0.0))
    assert compare(good, bad).p == 2.0**-3
    one, other = (predictions(a, subjects=1).sums() for a in (0.5, 0.9))
    assert compare(one, other).p == 1.0
    assert np.isnan(compare(one, other).low)


def test_the_corrected_t_reduces_to_scipy_without_its_correction() -> None:
    differences = [0.03, 0.01, 0.05, -0.01, 0.02]
    expected = scipy_stats.ttest_1samp(differences, 0.0)
    assert corrected_t(differences, 0.0) == pytest.approx(tuple(expected), rel=1e-12)


def test_the_corrected_t_on_ten_folds_by_hand() -> None:
    """Ten-fold cross-validation: n_test / n_train = 1/9 doubles the variance, nearly."""
    differences = np.arange(1.0, 11.0)
    t, p = corrected_t(differences.tolist(), 1 / 9)
    plain = differences.mean() / (differences.std(ddof=1) / np.sqrt(10))
    assert t == pytest.approx(plain / np.sqrt(1 + 10 / 9))
    assert p == pytest.approx(2 * scipy_stats.t.sf(t, 9))


def test_folds_without_spread_or_alone() -> None:
    assert corrected_t([0.0, 0.0], 0.25) == (0.0, 1.0)
    assert corrected_t([0.1, 0.1], 0.25) == (np.inf, 0.0)
    with pytest.raises(ValueError, match="two folds"):
        corrected_t([0.1], 0.25)
    mean, deviation = fold_summary([1.0, 2.0, 4.0])
    assert (mean, deviation) == pytest.approx((7 / 3, np.std([1, 2, 4], ddof=1)))
    assert np.isnan(fold_summary([1.0])[1])


def test_the_p_of_one_comparison_is_counted_and_not_bounded() -> None:
    """Hoeffding's bound is several times too large where draws can count."""
    generator = np.random.default_rng(4)
    a = generator.normal(0.55, 1, 40)
    expected = scipy_stats.ttest_1samp(a, 0.0).pvalue
    assert 0.0005 < expected < 0.02
    assert compare(mean_row(a), mean_row(np.zeros(40)), draws=2).p == pytest.approx(
        expected, rel=0.5)  # fmt: skip
