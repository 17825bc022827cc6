"""Metrics by illumination, where the test clips of a setting have several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import TYPE_CHECKING, cast

import numpy as np

from irfer_bench.statistics.measurement import from_sums_of

if TYPE_CHECKING:
    from irfer_bench.contracts.interfaces import SummableMetric
    from irfer_bench.statistics.measurement import Installed
    from irfer_bench.statistics.resampling import Floats


def divide_by_lighting(
    known: Installed, summands: Floats, lightings: Sequence[str]
) -> Iterator[tuple[str, float]]:
    """Illumination and value of the metric over its items alone; nothing where there is only one.

    Args:
        summands: (N, K), one row per item. lightings: (N,) of the same items.
    """
    names = sorted(set(lightings))
    if len(names) < 2:
        return
    from_sums = from_sums_of(cast("SummableMetric", known.metric))
    of_item = np.array(lightings)
    for name in names:
        value = float(from_sums(summands[of_item == name].sum(0)))
        if isfinite(value):
            yield name, value
