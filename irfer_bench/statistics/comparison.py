"""Statistics over subjects: intervals, paired comparison, shared ranks (design §7).

People, not images, are the independent observations here, so every resample draws whole
subjects (cluster bootstrap; Field and Welsh 2007, JRSS-B 69). A metric that depends on its items
through sums only (a mean, or anything made of a confusion matrix) is bootstrapped from one small
table of sums per subject; any other metric through `resample` and its own `compute`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.statistics.resampling import CHUNK, Ints, choices_of, weights
from irfer_bench.statistics.sums import OF_CONFUSION, OF_SUMS, Floats, Value, ratio
from irfer_bench.statistics.sums import MetricName as MetricName

LEVEL = 0.95
ALPHA = 0.05
DRAWS = 1000
RANK_DRAWS = 2000
TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Predictions:
    """One row's test predictions, folds pooled; an id that comes k times was predicted by k seeds.

    Args:
        ids: (N,) item ids. subjects: (N,) names; None makes the item its own cluster.
        labels, predicted: (N,) columns, 0 to classes - 1.
    """

    ids: Sequence[str]
    subjects: Sequence[str | None]
    labels: NDArray[Any]
    predicted: NDArray[Any]
    classes: int


@dataclass(frozen=True, slots=True)
class ItemValues:
    """One row's per-item values (PSNR of each image, say); ids and subjects as above."""

    ids: Sequence[str]
    subjects: Sequence[str | None]
    values: NDArray[Any]


Row: TypeAlias = Predictions | ItemValues


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a` minus `b` on the same items: difference, percentile interval and two-sided p."""

    difference: float
    low: float
    high: float
    p: float
    subjects: int


def clusters(subjects: Sequence[str | None], ids: Sequence[str]) -> Ints:
    """(N,) cluster numbers, in order of the clusters' names: by subject, else by item."""
    names = [f"s:{s}" if s is not None else f"i:{i}" for s, i in zip(subjects, ids, strict=True)]
    number = {name: k for k, name in enumerate(sorted(set(names)))}
    return np.array([number[name] for name in names], np.int64)


def resample(groups: NDArray[Any], draws: int = DRAWS, seed: int = 0) -> Iterator[Ints]:
    """Yield `draws` arrays of item positions: as many clusters as there are, with replacement."""
    order = np.argsort(groups, kind="stable").astype(np.int64)
    members = np.split(order, np.cumsum(np.bincount(groups))[:-1]) if len(groups) else []
    for chosen in choices_of(len(members), draws, seed):
        yield np.concatenate([members[c] for c in chosen]) if len(chosen) else order


def bootstrap(
    compute: Callable[[Ints], float], groups: NDArray[Any], draws: int = DRAWS, seed: int = 0
) -> Floats:
    """(draws,) values of any `compute(index)` on the resamples of `resample`."""
    return np.array([compute(index) for index in resample(groups, draws, seed)], np.float64)


def bootstrap_mean(
    values: NDArray[Any], groups: NDArray[Any], draws: int = DRAWS, seed: int = 0
) -> Floats:
    """What `bootstrap(lambda i: values[i].mean(), ...)` gives, from sums per cluster."""
    table = _table(groups, np.asarray(values, np.float64), np.ones(len(groups)))
    return _draw([table], ratio, draws, seed)[:, 0]


def interval(values_by_draw: NDArray[Any], level: float = LEVEL) -> tuple[float, float]:
    """Percentile interval of bootstrap values (Efron and Tibshirani 1993, §13.3).

    Draws without a value (NaN) are left out; with none left both ends are NaN.
    """
    values = np.asarray(values_by_draw, np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return nan, nan
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def estimate(
    row: Row, metric: MetricName = "accuracy", draws: int = DRAWS, seed: int = 0
) -> tuple[float, float, float]:
    """(value, low, high) of one row, folds and seeds pooled; NaN ends for a single subject."""
    tables, value = _tables([row], metric)
    point = float(value(tables[0].sum(0)))
    if len(tables[0]) < 2:
        return point, nan, nan
    return (point, *interval(_draw(tables, value, draws, seed)[:, 0]))


def estimate_all(
    row: Predictions, metrics: Sequence[MetricName], draws: int = DRAWS, seed: int = 0
) -> dict[MetricName, tuple[float, float]]:
    """(low, high) of several metrics of one row from one set of draws; as `estimate` gives them."""
    _check_repeats(row)
    table = _row_table(row, "uar")
    if len(table) < 2:
        return dict.fromkeys(metrics, (nan, nan))
    sums = _draw([table], lambda drawn: drawn, draws, seed, width=table.shape[1])
    return {name: interval(OF_CONFUSION[name](sums)[:, 0]) for name in metrics}


def compare(
    a: Row, b: Row, metric: MetricName = "accuracy", draws: int = 10_000, seed: int = 0
) -> Comparison:
    """Paired bootstrap over subjects of `a` minus `b`.

    Raises:
        ValueError: the two rows do not hold the same items with the same labels and subjects.
    """
    tables, value = _tables([a, b], metric)
    count = len(tables[0])
    points = value(np.stack([table.sum(0) for table in tables]))
    drawn = _draw(tables, value, draws, seed)
    delta = drawn[:, 0] - drawn[:, 1]
    low, high = interval(delta) if count > 1 else (nan, nan)
    p = _pair_p(points, drawn, count)[0, 1]
    return Comparison(float(points[0] - points[1]), low, high, float(p), count)


def rank(
    rows: Sequence[Row],
    metric: MetricName = "accuracy",
    *,
    higher_is_better: bool = True,
    alpha: float = ALPHA,
    draws: int = RANK_DRAWS,
    seed: int = 0,
) -> list[int]:
    """Shared ranks: 1 + the number of rows significantly better (all pairs, Holm at `alpha`).

    Raises:
        ValueError: the rows do not hold the same items with the same labels and subjects.
    """
    if len(rows) < 2:
        return [1] * len(rows)
    tables, value = _tables(rows, metric)
    points = value(np.stack([table.sum(0) for table in tables]))
    p = _pair_p(points, _draw(tables, value, draws, seed), len(tables[0]))
    upper = np.triu_indices(len(rows), 1)
    significant = np.zeros_like(p, dtype=bool)
    significant[upper] = holm(p[upper]) <= alpha
    significant |= significant.T
    gain = (points[:, None] - points[None, :]) * (1 if higher_is_better else -1)
    return [1 + int(better) for better in (significant & (gain > 0)).sum(0)]


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
    array = np.asarray(differences, np.float64)
    if len(array) < 2:
        raise ValueError(f"corrected_t needs two folds at least, got {len(array)}")
    mean, sd = fold_summary(differences)
    if sd == 0.0:
        return (0.0, 1.0) if mean == 0.0 else (float(np.copysign(np.inf, mean)), 0.0)
    t = mean / np.sqrt((1 / len(array) + test_to_train) * sd**2)
    return float(t), float(_student_p(np.array(t), len(array) - 1))


def _table(groups: NDArray[Any], *columns: NDArray[Any]) -> Floats:
    """(clusters, K) sums of each column per cluster."""
    count = int(groups.max()) + 1 if len(groups) else 0
    return np.stack([np.bincount(groups, column, count) for column in columns], axis=1)


def _tables(rows: Sequence[Row], metric: MetricName) -> tuple[list[Floats], Value]:
    """Sums per cluster of each row, and the function from sums to the metric."""
    facts = [_facts(row) for row in rows]
    if any(fact != facts[0] for fact in facts[1:]):
        raise ValueError("rows do not hold the same items with the same labels and subjects")
    if isinstance(rows[0], ItemValues):
        value: Value = ratio
    else:
        value = OF_SUMS[metric]
    return [_row_table(row, metric) for row in rows], value


def _facts(row: Row) -> dict[str, tuple[str | None, int]]:
    labels = row.labels if isinstance(row, Predictions) else np.zeros(len(row.ids), np.int64)
    facts = {
        name: (subject, int(label))
        for name, subject, label in zip(row.ids, row.subjects, labels, strict=True)
    }
    _check_repeats(row)
    return facts


def _check_repeats(row: Row) -> None:
    if len(set(Counter(row.ids).values())) > 1:
        raise ValueError("some items of a row were predicted by more seeds than others")


def _row_table(row: Row, metric: MetricName) -> Floats:
    groups = clusters(row.subjects, row.ids)
    repeats = len(row.ids) / max(1, len(set(row.ids)))
    if isinstance(row, ItemValues):
        table = _table(groups, np.asarray(row.values, np.float64), np.ones(len(groups)))
    elif metric == "accuracy":
        table = _table(groups, np.asarray(row.labels) == row.predicted, np.ones(len(groups)))
    else:
        cell = np.asarray(row.labels, np.int64) * row.classes + row.predicted
        size = row.classes**2
        table = (
            np.bincount(groups * size + cell, minlength=(int(groups.max()) + 1) * size)
            .reshape(-1, size)
            .astype(np.float64)
        )
    return table / repeats


def _draw(tables: Sequence[Floats], value: Value, draws: int, seed: int, width: int = 0) -> Floats:
    """(draws, rows) values of the metric, or (draws, rows, width) where `value` keeps the sums.

    Every row sees the same resamples.
    """
    stacked = np.stack(tables, axis=1)  # (clusters, rows, K)
    count, rows, columns = stacked.shape
    flat = stacked.reshape(count, rows * columns)
    chunk = max(1, CHUNK // max(1, rows * columns + count))
    drawn = np.empty((draws, rows, width) if width else (draws, rows))
    for start, drawn_often in weights(count, draws, seed, chunk):
        drawn[start : start + len(drawn_often)] = value(
            (drawn_often @ flat).reshape(-1, rows, columns)
        )
    return drawn


def _pair_p(points: Floats, drawn: Floats, count: int) -> Floats:
    """(rows, rows) two-sided p of every paired difference.

    Twice the smaller share of draws on either side of zero, one added to both counts. Where no
    draw crosses zero that is only a bound, too coarse for Holm over many pairs: the tail is then
    Student's, with the bootstrap's standard error and `count - 1` degrees of freedom. Never below
    2^(1 - count), the smallest p that flipping the signs of `count` subjects can give.
    """
    draws, rows = drawn.shape
    p = np.ones((rows, rows))
    if count < 2:
        return p
    spread = np.atleast_2d(np.cov(drawn, rowvar=False))
    variance = np.maximum(spread.diagonal()[:, None] + spread.diagonal() - 2 * spread, 0.0)
    gap = points[:, None] - points
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(gap == 0, 0.0, np.abs(gap) / np.sqrt(variance))
    tail = _student_p(t, count - 1)
    by_row = np.ascontiguousarray(drawn.T)
    for row in range(rows - 1):
        delta = by_row[row] - by_row[row + 1 :]
        # Sums in another order must still tie: hence not 0.
        below = np.count_nonzero(delta < TIE, axis=1)
        above = np.count_nonzero(delta > -TIE, axis=1)
        crossed = np.minimum(below, above)
        bound = np.minimum(1.0, 2 * (crossed + 1) / (draws + 1))
        bound = np.where(crossed == 0, np.minimum(bound, tail[row, row + 1 :]), bound)
        p[row, row + 1 :] = p[row + 1 :, row] = bound
    return np.maximum(p, 2.0 ** (1 - count))


def _student_p(t: NDArray[Any], freedom: int) -> Floats:
    """Two-sided p of Student's t for whole degrees of freedom (Abramowitz and Stegun 26.7.3-4).

    The finite series loses its last digits where p is below about 1e-15; 0 is returned there.
    """
    t = np.abs(np.asarray(t, np.float64))
    theta = np.arctan(t / np.sqrt(freedom))
    sine, square = np.sin(theta), np.cos(theta) ** 2
    odd = freedom % 2
    term = np.cos(theta) if odd else np.ones_like(theta)
    total = term.copy() if freedom > 1 or not odd else np.zeros_like(theta)
    for k in range(3 if odd else 2, freedom - 1, 2):
        term = term * square * (k - 1) / k
        total = total + term
    inside = 2 / np.pi * (theta + sine * total) if odd else sine * total
    p: Floats = np.clip(1 - inside, 0.0, 1.0)
    return p
