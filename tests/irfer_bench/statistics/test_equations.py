"""Intervals, p-values and draws written out, and what a rule does at its edge."""

from __future__ import annotations

from itertools import combinations, product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import stdtr

from irfer_bench.statistics import permutation, resampling
from irfer_bench.statistics.bootstrap import Sums, bootstrap_sums, interval
from irfer_bench.statistics.comparison import compare, p_values
from irfer_bench.statistics.measurement import Installed, measure
from irfer_bench.statistics.permutation import pair_p
from irfer_bench.statistics.resampling import choices_of, fit_choices
from irfer_bench.statistics.summation import batches
from irfer_bench.statistics.verification import find_contradictions
from irfer_bench.store.records import Value
from irfer_metrics.recognition import Accuracy
from tests.irfer_bench.statistics.metric_records import write
from tests.irfer_bench.statistics.predicted import predictions
from tests.irfer_bench.statistics.test_summation import read_all


def ratio(sums: Any) -> Any:
    return sums[..., 0] / sums[..., 1]


def row(*fits: list[float]) -> Sums:
    """Right answers of ten per subject, for every fit."""
    table = np.array([[[right, 10.0] for right in fit] for fit in fits])
    return Sums(table, ratio)


def test_a_difference_s_interval_is_that_of_both_rows_resampled_alike() -> None:
    a, b = (predictions(0.6, seed=s, subjects=8, each=9).sums() for s in (0, 1))
    found = compare(a, b, draws=300)
    one, two = (bootstrap_sums([each], 300, 0, k)[:, 0] for k, each in enumerate((a, b)))
    assert (found.low, found.high) == interval(one - two)
    assert found.low <= found.difference <= found.high
    assert found.low < found.high


def test_p_over_fits_is_student_s_with_the_freedom_of_satterthwaite() -> None:
    a = row([6, 7, 9, 6, 7, 8], [6, 6, 7, 8, 7, 9], [9, 9, 8, 9, 9, 8])
    b = row([3, 3, 2, 3, 4, 3], [4, 3, 6, 4, 5, 6], [8, 7, 7, 8, 8, 8])
    points, p = p_values([a, b])
    apart = (a.mean[:, 0] - b.mean[:, 0]) / 60  # what each subject adds to the difference
    over_subjects = apart.var(ddof=1) * 6
    fits = [np.array([fit[:, 0].sum() / 60 for fit in each.table]) for each in (a, b)]
    spread = [each.var(ddof=1) / 3 for each in fits]
    total = over_subjects + sum(spread)
    freedom = total**2 / (over_subjects**2 / 5 + spread[0] ** 2 / 2 + spread[1] ** 2 / 2)
    assert points == pytest.approx([each.mean() for each in fits])
    expected = 2 * stdtr(freedom, -abs(points[0] - points[1]) / total**0.5)
    exact = pair_p(np.stack([a.mean, b.mean]), ratio)[1][0, 1]
    assert p[0, 1] == pytest.approx(max(expected, exact))
    assert expected > exact, "the example is of what the fits add"


def test_no_drawn_p_is_zero() -> None:
    """The observed division of subjects counts as one of the draws."""
    tables = np.zeros((2, 30, 2))
    tables[0, :, 0], tables[1, :, 0] = 9, 2
    tables[:, :, 1] = 10

    def bent(sums: Any) -> Any:
        return (sums[..., 0] / sums[..., 1]) ** 3

    _, p = pair_p(tables, bent, draws=999)
    assert p[0, 1] == pytest.approx(1 / 1000)


def test_hoeffding_s_bound_is_that_of_the_differences() -> None:
    """2 exp(-t^2 / 2 sum d^2), never below the exact p of a signed sum; 1 for equal rows."""
    parts = np.random.default_rng(0).normal(size=(4, 10)) * np.array([[1], [0.3], [3], [1]])
    parts[3] = parts[0]
    points = parts.sum(1)
    bound = permutation._hoeffding(points, parts)
    signs = np.array(list(product([-1, 1], repeat=10)))
    for i, j in combinations(range(3), 2):
        apart = parts[i] - parts[j]
        gap = abs(apart.sum())
        assert bound[i, j] == pytest.approx(min(1.0, 2 * np.exp(-(gap**2) / (2 * apart @ apart))))
        assert bound[i, j] >= (np.abs(signs @ apart) >= gap - 1e-12).mean()
    assert bound[0, 3] == 1.0


@pytest.mark.parametrize("chunk", [1, 3, 7, 50])
def test_draws_are_the_same_in_pieces_and_whole(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(resampling.weights(6, 20, 4, chunk))
    monkeypatch.setattr(resampling, "CHUNK", 6 * 20 - 1)
    pieces = list(resampling.weights(6, 20, 4, chunk))
    assert [start for start, _ in pieces] == [start for start, _ in whole]
    assert [start for start, _ in pieces] == list(range(0, 20, chunk))
    for (_, one), (_, two) in zip(whole, pieces, strict=True):
        assert (one == two).all()
        assert (one.sum(1) == 6).all()


def test_draws_are_numbers_for_ever() -> None:
    """Intervals on published boards follow from them."""
    assert fit_choices(3, 3, seed=7).tolist() == FITS
    assert fit_choices(3, 3, seed=7, stream=1).tolist() != FITS
    assert [own.tolist() for own in choices_of(4, 2, seed=7)] == SUBJECTS
    assert [len(own) for own in choices_of(0, 2, seed=7)] == [0, 0]


FITS = [[2, 2, 2], [0, 0, 0], [0, 0, 1]]
SUBJECTS = [[3, 2, 2, 3], [2, 3, 3, 0]]


def test_a_batch_after_another_holds_no_more_than_the_first() -> None:
    assert list(batches(["a", "b", "c"], [12_000, 12_000, 8_001])) == [["a"], ["b"], ["c"]]
    assert list(batches(["a", "b", "c"], [12_000, 12_000, 8_000])) == [["a"], ["b", "c"]]


def summed(parts: list[float], groups: list[int], draws: int = 50) -> dict[str, Any]:
    """A sum over items whose `compute` adds exactly."""
    metric: Any = SimpleNamespace(
        consumes=frozenset({"labels"}), direction="higher", unit="",
        compute=lambda inputs, index=None: float(round(sum(parts), 6)),
        summands=lambda inputs: np.array(parts)[:, None], from_sums=lambda sums: sums[..., 0],
    )
    inputs: Any = SimpleNamespace(labels=np.zeros(len(parts), np.int64))
    own = {"test": np.array(groups), "pairs": np.array(groups)}
    return measure(Installed(metric, summable=True), inputs, own, draws)[0]


def test_summands_may_differ_from_the_value_by_rounding() -> None:
    parts = [0.1] * 10
    assert sum(parts) != 1.0
    found = summed(parts, list(range(10)))
    assert found["value"] == 1.0
    assert "reason" not in found


def test_one_subject_or_no_draws_give_no_interval() -> None:
    assert summed([0.1, 0.4], [0, 0])["low"] is None
    assert summed([0.1, 0.4], [0, 1], draws=0)["low"] is None
    assert summed([0.1, 0.4], [0, 1])["low"] is not None


def test_a_metric_that_cannot_be_recomputed_hides_no_other(tmp_path: Any) -> None:
    def broken(inputs: Any, index: Any = None) -> float:
        raise RuntimeError("brow")

    ((_, kept), *_) = read_all(tmp_path)
    odd: Any = SimpleNamespace(
        consumes=frozenset({"labels"}), direction="higher", unit="fraction", range=(0, 1),
        compute=broken)
    lookup = {"a_broken": Installed(odd), "accuracy": Installed(Accuracy(), summable=True)}
    metrics = {name: Value(value=0.123, unit="fraction") for name in lookup}
    record = write(tmp_path, "t0", right=0.5, metrics=metrics)
    (said,) = find_contradictions([(record, kept)], lookup.get)
    assert "accuracy contradicts its predictions" in said
