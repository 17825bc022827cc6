"""Ranges of ranks, and Holm's correction against statsmodels and a published example."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from irfer_bench.statistics.comparison import Rank, holm, rank
from tests.irfer_bench.statistics.predicted import SCORES, mean_row, predictions, seeds


def firsts(ranks: list[Rank]) -> list[int]:
    return [own.first for own in ranks]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_equals_statsmodels_and_keeps_the_order(p: list[float]) -> None:
    ours = holm(np.array(p))
    assert np.allclose(ours, multipletests(p, method="holm")[1], atol=1e-12)
    assert np.all(ours >= np.array(p) - 1e-15)
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(ours[order]) >= 0)


def test_holm_on_the_published_example() -> None:
    """The example of Wikipedia's page on the method: at 5 %, H1 and H4 fall, H2 and H3 stand."""
    adjusted = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert (adjusted <= 0.05).tolist() == [True, False, False, True]


def test_rows_that_cannot_be_separated_share_a_range() -> None:
    rows = [predictions(a, seed=s).sums() for s, a in enumerate((0.90, 0.90, 0.60, 0.59, 0.20))]
    assert [str(own) for own in rank(rows)] == ["1–2", "1–2", "3–4", "3–4", "5"]
    assert rank(rows[:1]) == [Rank(1, 1, 1)]
    assert rank([]) == []
    assert firsts(rank([rows[i] for i in (4, 2, 0, 3, 1)])) == [5, 3, 1, 3, 1]


def test_rows_of_other_items_are_not_ranked_together() -> None:
    one, other = predictions(0.6).sums(), predictions(0.6, labels_seed=1).sums()
    with pytest.raises(ValueError, match="same items"):
        rank([one, other])


def test_lower_can_be_better() -> None:
    base = np.random.default_rng(0).normal(size=60)
    rows = [mean_row(base + shift) for shift in (0.5, 0.0)]
    assert firsts(rank(rows, higher_is_better=False)) == [2, 1]
    assert firsts(rank(rows)) == [1, 2]


def test_a_difference_below_the_margin_is_never_significant() -> None:
    """0.04 dB on every image is a certain difference, and none that anybody needs."""
    base = np.random.default_rng(0).normal(22, 1, 60)
    rows = [mean_row(base + shift) for shift in (0.04, 0.0, -0.5)]
    assert [str(own) for own in rank(rows)] == ["1", "2", "3"]
    assert [str(own) for own in rank(rows, margin=0.1)] == ["1–2", "1–2", "3"]


def test_a_difference_no_larger_than_that_of_two_fits_is_not_significant() -> None:
    base = np.random.default_rng(0).normal(0, 0.1, 60)
    a, b = ([mean_row(base + mean + fit) for fit in (-0.4, 0.0, 0.4)] for mean in (0.3, 0.0))
    assert firsts(rank([a[1], b[1]])) == [1, 2]
    assert firsts(rank([seeds(*a), seeds(*b)])) == [1, 1]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 0.95), min_size=2, max_size=6), st.sampled_from(sorted(SCORES)))
def test_ranges_hold_the_place_by_value(accuracies: list[float], metric: str) -> None:
    """Significantly better rows are better: sorted by value, each row's place lies in its range."""
    rows = [
        predictions(a, seed=s, subjects=12, each=10).sums(metric) for s, a in enumerate(accuracies)
    ]
    ranks = rank(rows)
    order = sorted(range(len(rows)), key=lambda k: -rows[k].value)
    for place, k in enumerate(order, start=1):
        assert 1 <= ranks[k].first <= place <= ranks[k].last <= len(rows)


def test_many_rows_are_still_separable() -> None:
    """With 20 rows Holm asks for p < 0.0003, below what counting 999 draws can show."""
    rows = [predictions(0.3 + 0.6 * (s == 7), seed=s).sums() for s in range(20)]
    ranks = firsts(rank(rows))
    assert ranks[7] == 1
    assert all(r == 2 for s, r in enumerate(ranks) if s != 7)
    f1 = [predictions(0.3 + 0.6 * (s == 7), seed=s).sums("macro_f1") for s in range(20)]
    assert firsts(rank(f1)) == ranks
