"""Ranks with ties, and Holm's correction against statsmodels and a published example."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from irfer_bench.statistics import comparison as stats
from irfer_bench.statistics.comparison import ItemValues
from tests.irfer_bench.predicted import SCORES, predictions


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
def test_the_best_point_is_ranked_first_and_no_rank_passes_the_number_of_rows(
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
