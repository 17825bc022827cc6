"""Percentile intervals over fits and subjects.

People, not images, are the independent observations here, so every resample draws whole subjects
with replacement (cluster bootstrap; Field and Welsh 2007, JRSS-B 69). Where a row has several
seeds, its fits are drawn first and the same drawn subjects are taken in each of them. With one
seed an interval is of that trained network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.statistics.resampling import (
    CHUNK,
    DRAWS,
    Floats,
    Ints,
    fit_choices,
    resample,
    weights,
)

LEVEL = 0.95
FromSums: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """One row's summands of one metric, added up.

    Args:
        table: (fits, subjects, K). from_sums: (..., K) to values (...).
        items: what the row was tested on; rows of equal `items` can be compared.
    """

    table: Floats
    from_sums: FromSums
    items: object = None

    @property
    def subjects(self) -> int:
        """Number of clusters."""
        return int(self.table.shape[1])

    @property
    def mean(self) -> Floats:
        """(subjects, K): the mean over fits."""
        mean = self.table[0] if len(self.table) == 1 else self.table.mean(0)
        return np.asarray(mean, np.float64)

    @property
    def value(self) -> float:
        """The metric over all subjects, fits pooled."""
        return float(self.from_sums(self.mean.sum(0)))

    @property
    def by_fit(self) -> Floats:
        """(fits,) the metric of each fit over all subjects."""
        return np.asarray(self.from_sums(self.table.sum(1)), np.float64)


def bootstrap(
    compute: Callable[[Ints], float], groups: NDArray[Any], draws: int = DRAWS, seed: int = 0
) -> Floats:
    """(draws,) values of any `compute(index)` on the resamples of `resample`."""
    return np.array([compute(index) for index in resample(groups, draws, seed)], np.float64)


def bootstrap_sums(
    rows: Sequence[Sums], draws: int = DRAWS, seed: int = 0, stream: int = 0
) -> Floats:
    """(draws, rows) values of rows of the same shape; every row sees the same resamples.

    Args:
        stream: rows whose fits are to be drawn apart from each other take another one.
    """
    (drawn,) = _bootstrap(rows, [rows[0].from_sums], draws, seed, stream)
    return drawn


def _bootstrap(
    rows: Sequence[Sums], formulas: Sequence[FromSums], draws: int, seed: int, stream: int
) -> list[Floats]:
    """For each formula (draws, rows) values: the resampled sums are the same."""
    stacked = np.stack([row.table for row in rows], axis=2)  # (fits, subjects, rows, K)
    fits, count, width, columns = stacked.shape
    flat = stacked.transpose(1, 0, 2, 3).reshape(count, -1)
    chunk = max(1, CHUNK // max(1, flat.shape[1] + count))
    chosen = fit_choices(fits, draws, seed, stream) if fits > 1 else None
    drawn = [np.empty((draws, width)) for _ in formulas]
    for start, often in weights(count, draws, seed, chunk):
        stop = start + len(often)
        sums = (often @ flat).reshape(-1, fits, width, columns)
        if chosen is None:
            mean = sums[:, 0]
        else:
            own = np.stack([(chosen[start:stop] == fit).sum(1) for fit in range(fits)], axis=1)
            mean = np.einsum("df,dfrk->drk", own / fits, sums)
        for values, from_sums in zip(drawn, formulas, strict=True):
            values[start:stop] = from_sums(mean)
    return drawn


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


def intervals(rows: Sequence[Sums], draws: int = DRAWS) -> list[tuple[float, float]]:
    """(low, high) of rows of the same shape; NaN ends for a single subject."""
    return intervals_by([rows[0].from_sums], rows, draws)[0] if rows else []


def intervals_by(
    formulas: Sequence[FromSums], rows: Sequence[Sums], draws: int = DRAWS
) -> list[list[tuple[float, float]]]:
    """The same for each of several metrics of the same sums, which are resampled once."""
    if rows[0].subjects < 2:
        return [[(nan, nan)] * len(rows) for _ in formulas]
    size = max(1, CHUNK // (draws * rows[0].table[:, 0].size))
    found: list[list[tuple[float, float]]] = [[] for _ in formulas]
    for start in range(0, len(rows), size):
        values = _bootstrap(rows[start : start + size], formulas, draws, 0, 0)
        for own, drawn in zip(found, values, strict=True):
            own += _ends(drawn)
    return found


def _ends(drawn: Floats) -> list[tuple[float, float]]:
    if np.isnan(drawn).any():
        return [interval(column) for column in drawn.T]
    ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [(float(low), float(high)) for low, high in ends.T]
