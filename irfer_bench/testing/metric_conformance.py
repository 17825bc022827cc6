"""The suite that a metric's author subclasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from irfer_bench.contracts.component import BASIC, Kind
from irfer_bench.contracts.interfaces import Metric, SummableMetric
from irfer_bench.contracts.values import Clip, ScoreInputs
from irfer_bench.errors import UnavailableError
from irfer_bench.testing.announcement import ComponentConformance
from irfer_bench.testing.faces import SUBJECTS, make_faces

DAMAGES = (0.0, 0.25, 1.0)
"""Perfect, somewhat wrong, and wrong through and through."""


@dataclass
class _Once:
    """What `ScoreInputs.once` does in a score step."""

    known: dict[str, Any]

    def __call__(self, name: str, build: Callable[[], Any]) -> Any:
        if name not in self.known:
            self.known[name] = build()
        return self.known[name]


def make_inputs(damage: float, order: NDArray[Any] | None = None) -> ScoreInputs:
    """Everything a metric may consume, for 36 items that are all test partners.

    Args:
        damage: 0 for a perfect recognizer and a perfect translator; up to 1 for useless ones.
        order: positions of the items, to present them in another order.
    """
    random = np.random.default_rng(5)
    true = _faces()
    labels = np.array([BASIC.index(clip.label or "") for clip in true], np.int64)
    count = len(labels)
    wrong = random.random(count) < damage
    guess = np.where(wrong, (labels + 1 + random.integers(0, 5, count)) % 6, labels)
    perfect = _scores(labels, random.normal(size=(count, 6)))
    scores = perfect if damage == 0 else _scores(guess, random.normal(size=(count, 6)))
    noise = random.normal(size=(*np.shape([c.frames for c in true]),))
    made = [_damaged(clip, damage * 90 * noise[k]) for k, clip in enumerate(true)]
    target = random.normal(size=(count, 16)).astype(np.float32)
    shift = damage * (1.0 + random.normal(size=target.shape))
    source = (target + shift).astype(np.float32)
    order = np.arange(count) if order is None else order
    arrays = [labels, scores, perfect, source, target]
    labels, scores, perfect, source, target = (_frozen(array[order]) for array in arrays)
    pairs = [(made[k], true[k]) for k in order]
    return ScoreInputs(
        classes=BASIC, labels=labels, scores=scores, pair_labels=labels, pair_scores=scores,
        pair_target_scores=perfect, pairs=pairs, features=(source, target), once=_Once({}),
        sources=[true[k] for k in order],
    )


class MetricConformance(ComponentConformance):
    """Computes the metric on 36 small items: a perfect result, a damaged one, a useless one."""

    kind: ClassVar[Kind] = "metric"

    def value(self, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
        """The metric; skipped visibly where it is unavailable here (weights that are not here)."""
        try:
            return float(self.make().compute(inputs, index))
        except UnavailableError as error:
            pytest.skip(f"{self.component} is unavailable here: {error}")

    def test_has_the_protocol(self) -> None:
        """consumes, direction, unit, range and compute are there and make sense."""
        metric = self.make()
        assert isinstance(metric, Metric), "consumes, direction, unit, range or compute is missing"
        known = {field.name for field in fields(ScoreInputs)} - {"once"}
        assert set(metric.consumes) <= known, f"consumes {set(metric.consumes) - known}: unknown"
        assert metric.consumes, "consumes nothing: it cannot depend on the cell"
        assert metric.direction in ("higher", "lower", "none"), f"direction {metric.direction!r}"
        low, high = metric.range
        assert low < high, f"range {metric.range} is empty"
        assert isinstance(metric.unit, str), "unit is no text"

    def test_values_are_finite_and_in_range(self) -> None:
        """A number within `range`, whether the result is good or bad."""
        low, high = self.make().range
        for damage in DAMAGES:
            value = self.value(make_inputs(damage))
            assert np.isfinite(value), f"the value is {value}: raise UnavailableError(reason)"
            assert low - 1e-9 <= value <= high + 1e-9, f"{value} lies outside {low} to {high}"

    def test_perfect_is_best(self) -> None:
        """`direction` tells the truth: what is perfect beats what is damaged."""
        direction = self.make().direction
        perfect, some, useless = (self.value(make_inputs(damage)) for damage in DAMAGES)
        if direction == "none":
            return
        sign = 1 if direction == "higher" else -1
        assert sign * perfect > sign * some > sign * useless, (
            f"direction {direction!r}, but perfect, damaged and useless give {perfect:.6g}, "
            f"{some:.6g}, {useless:.6g}"
        )

    def test_index_of_everything_is_no_index(self) -> None:
        """The bootstrap's `index` picks items: all of them, in order, is the value itself."""
        whole = self.value(make_inputs(0.25))
        inputs = make_inputs(0.25)
        indexed = self.value(inputs, np.arange(len(inputs.labels)))
        assert np.isclose(indexed, whole, rtol=1e-9, atol=1e-12), f"{indexed} is not {whole}"

    def test_index_resamples(self) -> None:
        """On a resample the value is a number (or NaN, which the bootstrap leaves out)."""
        inputs = make_inputs(0.25)
        count = len(inputs.labels)
        whole = self.value(inputs)
        random = np.random.default_rng(0)
        values = [self.value(inputs, random.integers(0, count, count)) for _ in range(3)]
        assert not np.isinf(values).any(), f"resamples give {values}"
        if self.make().direction != "none":
            assert set(values) != {whole}, "resamples give the value itself: index is not used"

    def test_sums_give_what_compute_gives(self) -> None:
        """`from_sums` of the summands of some items is `compute` on them, where it has them."""
        metric = self.make()
        margin = getattr(metric, "margin", 0.0)
        assert isinstance(margin, int | float), f"margin {margin!r} is no number"
        assert 0 <= margin < np.inf, f"margin {margin} must be a number from 0 on"
        if not isinstance(metric, SummableMetric):
            return
        inputs = make_inputs(0.25)
        count = len(inputs.labels)
        self.value(inputs)
        summands = np.asarray(metric.summands(inputs))
        assert summands.ndim == 2, f"summands have shape {summands.shape}, not (items, K)"
        assert len(summands) == count, f"{len(summands)} summands for {count} items"
        assert np.isfinite(summands).all(), "summands are not finite"
        random = np.random.default_rng(0)
        indices = [np.arange(count), *(random.integers(0, count, count) for _ in range(3))]
        sums = np.array([summands[index].sum(0) for index in indices])
        found = np.asarray(metric.from_sums(sums))
        assert found.shape == (4,), f"from_sums gave {found.shape} for sums of {sums.shape}"
        for index, value in zip(indices, found, strict=True):
            whole = self.value(inputs, index)
            assert np.isclose(value, whole, rtol=1e-6, atol=1e-9, equal_nan=True), (
                f"from_sums gives {value}, compute {whole}"
            )
        alone = np.asarray(metric.from_sums(sums[0]))
        assert alone.shape == (), f"from_sums gave {alone.shape} for sums of {sums[0].shape}"

    def test_order_of_items_does_not_matter(self) -> None:
        """Items are a set."""
        order = np.random.default_rng(1).permutation(len(_faces()))
        straight, mixed = self.value(make_inputs(0.25)), self.value(make_inputs(0.25, order))
        assert np.isclose(straight, mixed, rtol=1e-6, atol=1e-9), f"{straight} became {mixed}"

    def test_says_when_it_has_no_value(self) -> None:
        """Nothing to consume is UnavailableError with a reason, never 0 or NaN."""
        empty: dict[str, Any] = dict.fromkeys(self.make().consumes - {"labels", "classes"})
        if not empty:
            return
        with pytest.raises(UnavailableError, match=r"\w"):
            self.make().compute(replace(make_inputs(0.25), **empty))


@cache
def _faces() -> tuple[Clip, ...]:
    return tuple(make_faces("nir", SUBJECTS[:6]))


def _scores(guess: NDArray[Any], noise: NDArray[Any]) -> NDArray[Any]:
    logits = 0.3 * noise + 4.0 * np.eye(6)[guess]
    norm = np.log(np.exp(logits).sum(1, keepdims=True))
    return np.asarray(logits - norm, np.float32)


def _damaged(clip: Clip, noise: NDArray[Any]) -> Clip:
    frames = (clip.frames + noise).clip(0, 255).astype(np.uint8)
    return replace(clip, frames=_frozen(frames))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
