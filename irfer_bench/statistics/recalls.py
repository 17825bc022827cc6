"""Recall of each class with its interval over subjects."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import numpy as np

from irfer_bench.statistics.bootstrap import Sums, intervals_by
from irfer_bench.statistics.kept import TestItems
from irfer_bench.statistics.resampling import Floats, name_clusters


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of a class's items that were predicted as it; None where there is none.

    Args:
        low, high: 95 % percentile interval over subjects, or None. items: of the class.
    """

    value: float | None
    low: float | None
    high: float | None
    items: int


def recalls(tested: TestItems) -> list[Recall]:
    """One per class, in the order of the scores."""
    labels, count = tested.tested.labels, len(tested.tested.classes)
    right = labels == tested.scores.argmax(1)
    groups, names = name_clusters(tested.tested.subjects, tested.tested.ids)
    table = np.zeros((1, len(names), 2 * count))
    np.add.at(table[0], (groups, labels), right)
    np.add.at(table[0], (groups, count + labels), 1.0)
    formulas = [_Share(k, count) for k in range(count)]
    ends = intervals_by(formulas, [Sums(table, formulas[0])])
    whole = table[0].sum(0)
    found = []
    for k, ((low, high),) in enumerate(ends):
        items = int(whole[count + k])
        if not items:
            found.append(Recall(None, None, None, 0))
        elif isnan(low):
            found.append(Recall(float(whole[k] / items), None, None, items))
        else:
            found.append(Recall(float(whole[k] / items), low, high, items))
    return found


@dataclass(frozen=True, slots=True)
class _Share:
    """Right items by items of one class; NaN where a resample has none."""

    place: int
    count: int

    def __call__(self, sums: Floats) -> Floats:
        total = sums[..., self.count + self.place]
        share = sums[..., self.place] / np.where(total > 0, total, np.nan)
        return np.asarray(share, np.float64)
