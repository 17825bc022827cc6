"""A metric divided by illumination is the metric of each illumination's items alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from irfer_bench.engine.stages.illumination import divide_by_lighting
from irfer_bench.statistics.measurement import Installed, mean_of_sums

SUMMANDS = np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.0, 1.0]])


def divided(lightings: list[str], from_sums: Any = mean_of_sums) -> dict[str, float]:
    metric: Any = SimpleNamespace(from_sums=from_sums)
    return dict(divide_by_lighting(Installed(metric), SUMMANDS, lightings))


def test_each_illumination_is_scored_by_itself() -> None:
    assert divided(["strong", "dark", "dark", "strong"]) == {"dark": 0.5, "strong": 1.0}


def test_sums_are_over_the_items_of_an_illumination() -> None:
    shares = {"dark": 0.5, "strong": 2.5}
    summands = np.array([[1.0, 2.0], [4.0, 1.0], [0.0, 0.0], [1.0, 1.0]])
    metric: Any = SimpleNamespace(from_sums=mean_of_sums)
    lightings = ["dark", "strong", "dark", "strong"]
    assert dict(divide_by_lighting(Installed(metric), summands, lightings)) == shares


def test_one_illumination_is_not_divided() -> None:
    assert divided(["strong"] * 4) == {}


def test_an_illumination_without_a_value_is_left_out() -> None:
    def no_small_means(sums: Any) -> Any:
        return np.where(mean_of_sums(sums) < 1, np.nan, mean_of_sums(sums))

    assert divided(["strong", "dark", "dark", "strong"], no_small_means) == {"strong": 1.0}
