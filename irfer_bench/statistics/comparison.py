"""Paired comparisons: of two rows, of all rows of a family as ranges of ranks, and of folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.statistics.bootstrap import Sums, bootstrap_sums, interval
from irfer_bench.statistics.permutation import contributions, pair_p
from irfer_bench.statistics.resampling import Floats

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a` minus `b` on the same items: difference, percentile interval and two-sided p.

    Args:
        fits: fits of the row that has fewer; with 1 the p is of these trained networks.
    """

    difference: float
    low: float
    high: float
    p: float
    subjects: int
    fits: int


@dataclass(frozen=True, slots=True)
class Rank:
    """From 1 + the rows significantly better to all minus the rows significantly worse.

    Args:
        p: against every compared row in their order, Holm-adjusted; 1 against itself.
    """

    first: int
    last: int
    of: int
    p: tuple[float, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"


def compare(a: Sums, b: Sums, draws: int = 10_000, seed: int = 0) -> Comparison:
    """Compare two rows on the same items and the same resampled subjects.

    Raises:
        ValueError: the rows do not hold the same items.
    """
    check_same_items([a, b])
    points, p = p_values([a, b], seed, swaps=9_999)
    drawn = [bootstrap_sums([row], draws, seed, k)[:, 0] for k, row in enumerate((a, b))]
    low, high = interval(drawn[0] - drawn[1]) if a.subjects > 1 else (nan, nan)
    fits = min(len(a.table), len(b.table))
    return Comparison(float(points[0] - points[1]), low, high, float(p[0, 1]), a.subjects, fits)


def p_values(rows: Sequence[Sums], seed: int = 0, swaps: int = 0) -> tuple[Floats, Floats]:
    """(rows,) values and (rows, rows) two-sided p of every paired difference.

    The p-value is that of the permutation test over subjects. Where both rows have several fits
    it is at least Student's with the variance over subjects and over fits, and the degrees of
    freedom of Satterthwaite: a difference must exceed what training it again changes.
    """
    tables = np.stack([row.mean for row in rows])
    points, p = pair_p(tables, rows[0].from_sums, alpha=ALPHA, seed=seed, draws=swaps)
    if sum(len(row.table) > 1 for row in rows) > 1 and rows[0].subjects > 1:
        p = np.maximum(p, _p_over_fits(rows, points, tables))
    return points, p


def _p_over_fits(rows: Sequence[Sums], points: Floats, tables: Floats) -> Floats:
    from scipy.special import stdtr

    fits = np.array([len(row.table) for row in rows])
    spread = np.array([row.by_fit.var(ddof=1) / len(row.table) if len(row.table) > 1 else 0.0
                       for row in rows])
    parts = contributions(tables, rows[0].from_sums)
    if parts is None:
        whole = tables.mean(0).sum(0)
        parts = np.asarray(rows[0].from_sums(whole + tables - tables.mean(0)), np.float64)
    count = tables.shape[1]
    covariance = np.atleast_2d(np.cov(parts)) * count
    own = covariance.diagonal()
    over_subjects = np.maximum(own[:, None] + own - 2 * covariance, 0.0)
    total = over_subjects + spread[:, None] + spread
    free = np.maximum(fits - 1, 1)
    squares = over_subjects**2 / (count - 1) + (spread**2 / free)[:, None] + spread**2 / free
    gap = np.abs(points[:, None] - points)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(gap == 0, 0.0, gap / np.sqrt(total))
        freedom = np.where(squares > 0, total**2 / squares, 1.0)
    found = 2 * stdtr(freedom, -t)
    several = fits > 1
    return np.where(several[:, None] & several, found, 0.0)


def rank(
    rows: Sequence[Sums], *, higher_is_better: bool = True, margin: float = 0.0, seed: int = 0
) -> list[Rank]:
    """The rows' ranges of ranks: all pairs, Holm at 5 %.

    Args:
        margin: a difference below it is never significant.

    Raises:
        ValueError: the rows do not hold the same items, or a row has no value.
    """
    if not rows:
        return []
    if len(rows) == 1 and not np.isnan(rows[0].value):
        return [Rank(1, 1, 1)]
    check_same_items(rows)
    points, p = p_values(rows, seed)
    if np.isnan(points).any():
        raise ValueError("a row has no value over all its items")
    gain = (points[:, None] - points) * (1 if higher_is_better else -1)
    p = np.where(np.abs(gain) < margin * (1 - 1e-9), 1.0, p)
    upper = np.triu_indices(len(rows), 1)
    adjusted = np.ones(p.shape)
    adjusted[upper] = holm(p[upper])
    adjusted = np.minimum(adjusted, adjusted.T)
    significant = adjusted <= ALPHA
    worse, better = ((significant & side).sum(0) for side in (gain < 0, gain > 0))
    count = len(rows)
    return [
        Rank(1 + int(b), count - int(w), count, tuple(own.tolist()))
        for b, w, own in zip(better, worse, adjusted, strict=True)
    ]


def check_same_items(rows: Sequence[Sums]) -> None:
    """Raises ValueError where rows were tested on different items, labels or subjects."""
    first = rows[0]
    if any(row.items != first.items or row.subjects != first.subjects for row in rows[1:]):
        raise ValueError("rows do not hold the same items with the same labels and subjects")


def holm(p: NDArray[Any]) -> Floats:
    """Adjusted p-values in the given order (Holm 1979, Scand. J. Statist. 6)."""
    p = np.asarray(p, np.float64)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def fold_summary(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1) over folds; NaN deviation for one fold."""
    array = np.asarray(values, np.float64)
    return float(array.mean()), float(array.std(ddof=1)) if len(array) > 1 else nan


def corrected_t(differences: Sequence[float], test_to_train: float) -> tuple[float, float]:
    """Corrected resampled t and its two-sided p over folds.

    t = mean / sqrt((1/J + n_test/n_train) s²) with J - 1 degrees of freedom: the plain t takes
    overlapping training sets for independent ones (Nadeau and Bengio 2003, Mach. Learn. 52, eq 9).

    Args:
        differences: one per fold, two at least. test_to_train: n_test / n_train, 1/4 in 5 folds.
    """
    from scipy.stats import t as student

    array = np.asarray(differences, np.float64)
    if len(array) < 2:
        raise ValueError(f"corrected_t needs two folds at least, got {len(array)}")
    mean, sd = fold_summary(differences)
    if sd == 0.0:
        return (0.0, 1.0) if mean == 0.0 else (float(np.copysign(np.inf, mean)), 0.0)
    t = mean / np.sqrt((1 / len(array) + test_to_train) * sd**2)
    return float(t), float(2 * student.sf(abs(t), len(array) - 1))
