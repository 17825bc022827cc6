"""What a metric's code returns, checked: a number, summands of the right shape, or a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Metric, SummableMetric
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import BenchError, ContractError, UnavailableError
from irfer_bench.statistics.attributes import checked_margin
from irfer_bench.statistics.bootstrap import FromSums, Sums, bootstrap_sums, interval
from irfer_bench.statistics.resampling import Floats, resample

if TYPE_CHECKING:
    from irfer_bench.registry import Registry

PAIR_FIELDS = frozenset({
    "pairs", "pair_scores", "pair_labels", "pair_target_scores", "features", "sources",
})
"""A metric that consumes one of them is over pairs, else over test items."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A metric that can be called here.

    Args:
        resamples: most bootstrap draws; None for no limit, 0 for no interval.
        margin: differences below it are never significant, in the metric's unit.
        summable: whether it gives summands.
    """

    metric: Metric
    version: str = "1"
    resamples: int | None = None
    margin: float = 0.0
    summable: bool = False

    @property
    def over_pairs(self) -> bool:
        """Whether the items of this metric are pairs."""
        return bool(self.metric.consumes & PAIR_FIELDS)


Lookup: TypeAlias = Callable[[str], Installed | None]


def lookup_in(registry: Registry) -> Lookup:
    """Metrics of a registry by name; None for one that is not installed or cannot be loaded."""
    known: dict[str, Installed | None] = {}

    def find(name: str) -> Installed | None:
        if name not in known:
            try:
                known[name] = installed(registry, name)
            except BenchError:
                known[name] = None
        return known[name]

    return find


def installed(registry: Registry, name: str) -> Installed:
    """One metric of a registry.

    Raises:
        UsageError: nobody announced it. MissingError: it cannot be loaded.
        ContractError: it cannot be constructed or has not the protocol.
    """
    component = registry.get("metric", name)
    try:
        metric = registry.create(component)
    except BenchError:
        raise
    except (Exception, SystemExit) as error:  # a third party's constructor may raise anything
        raise ContractError(f"metric {name!r} cannot be constructed: {_line(error)}") from error
    try:
        margin = checked_margin(name, metric)
    except BenchError:
        raise
    except (Exception, SystemExit) as error:  # its attributes may be properties
        raise ContractError(f"metric {name!r} cannot be described: {_line(error)}") from error
    return Installed(
        metric, component.version, component.traits.get("resamples"), margin,
        # isinstance of a protocol remembers classes, and would cost more than the statistics.
        all(callable(getattr(metric, name, None)) for name in ("summands", "from_sums")),
    )  # fmt: skip


def value_of(metric: Metric, inputs: ScoreInputs, index: NDArray[Any] | None = None) -> float:
    """`compute`, as one number; NaN on a resample that has no value.

    Raises:
        UnavailableError: the metric says why it has no value.
        ContractError: it raised something else or returned no number.
    """
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = metric.compute(inputs) if index is None else metric.compute(inputs, index)
    except UnavailableError:
        if index is None:
            raise
        return nan
    except (Exception, SystemExit) as error:  # a third party's metric may raise anything
        raise ContractError(f"compute raised {_line(error)}") from error
    if np.ndim(found) != 0:
        raise ContractError(f"compute gave an array of shape {np.shape(found)}, not a number")
    try:
        return float(found)
    except (TypeError, ValueError):
        raise ContractError(f"compute gave {type(found).__name__}, not a number") from None


def summands_of(metric: SummableMetric, inputs: ScoreInputs, count: int) -> Floats:
    """(count, K) float64 summands.

    Raises:
        UnavailableError: the metric says why it has none.
        ContractError: it raised something else, or they are no numbers of that shape.
    """
    try:
        found = np.asarray(metric.summands(inputs), np.float64)
    except UnavailableError:
        raise
    except (Exception, SystemExit) as error:  # a third party's metric may raise anything
        raise ContractError(f"summands raised {_line(error)}") from error
    if found.ndim != 2 or len(found) != count or not found.shape[1]:
        raise ContractError(f"summands have shape {found.shape}, not one row for each of {count}")
    if not np.isfinite(found).all():
        raise ContractError("summands are not all finite")
    return found


def from_sums_of(metric: SummableMetric) -> FromSums:
    """`from_sums`, which then raises ContractError for what is not one number per set of sums."""

    def from_sums(sums: Floats) -> Floats:
        given = sums.view()
        given.flags.writeable = False
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                found = np.asarray(metric.from_sums(given), np.float64)
        except (Exception, SystemExit) as error:  # a third party's metric may raise anything
            raise ContractError(f"from_sums raised {_line(error)}") from error
        if found.shape != sums.shape[:-1]:
            raise ContractError(
                f"from_sums gave shape {found.shape} for sums of shape {sums.shape}"
            )
        return np.where(np.isinf(found), nan, found)

    return from_sums


def mean_of_sums(sums: Floats) -> Floats:
    """A mean from (..., 2): the sum and the count."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1], np.float64)


def table_of(summands: Floats, groups: NDArray[Any]) -> Floats:
    """(clusters, K) sums of (N, K) summands."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    return np.asarray(np.add.reduceat(summands[order], starts, axis=0), np.float64)


def measure(
    known: Installed, inputs: ScoreInputs, groups: Mapping[str, NDArray[Any]], draws: int
) -> tuple[dict[str, Any], Floats | None]:
    """Value and 95 % interval over subjects, or null and the reason; the summands, if it has any.

    Args:
        groups: cluster numbers of the `test` items and of the `pairs`.
    """
    metric = known.metric
    result: dict[str, Any] = {"value": None, "low": None, "high": None}
    result |= {"direction": metric.direction, "unit": metric.unit, "version": known.version}
    for field in sorted(metric.consumes):
        if getattr(inputs, field, None) is None:
            return result | {"reason": _REASONS.get(field, f"this cell has no {field}")}, None
    try:
        value = value_of(metric, inputs)
    except (UnavailableError, ContractError) as error:
        return result | {"reason": str(error)}, None
    if not isfinite(value):
        return result | {"reason": f"the value is {value}"}, None
    own = groups["pairs" if known.over_pairs else "test"]
    summands = None
    try:
        if known.summable:
            summands = _agreeing_summands(metric, inputs, len(own), value)
    except (UnavailableError, ContractError) as error:
        disagree = isinstance(error, _DisagreementError)
        return result | {
            "value": None if disagree else value,
            "reason": str(error) if disagree else f"no interval: {error}",
        }, None
    try:
        low, high = _interval(known, inputs, own, draws, summands)
    except ContractError as error:
        return result | {"value": value, "reason": f"no interval: {error}"}, None
    result["value"] = value
    if isfinite(low) and isfinite(high):
        result |= {"low": low, "high": high}
    return result, summands


class _DisagreementError(ContractError):
    """The summands give another value than `compute`."""


def _agreeing_summands(metric: Any, inputs: ScoreInputs, count: int, value: float) -> Floats:
    summands = summands_of(metric, inputs, count)
    again = float(from_sums_of(metric)(summands.sum(0)))
    if not np.isclose(again, value, rtol=1e-6, atol=1e-9):
        raise _DisagreementError(f"compute gives {value:.6g} and its summands give {again:.6g}")
    return summands


def _interval(
    known: Installed, inputs: ScoreInputs, groups: NDArray[Any], draws: int,
    summands: Floats | None,
) -> tuple[float, float]:
    count = draws if known.resamples is None else min(draws, known.resamples)
    if not count or len(np.unique(groups)) < 2:
        return nan, nan
    if summands is not None:
        metric: Any = known.metric
        sums = Sums(table_of(summands, groups)[None], from_sums_of(metric))
        return interval(bootstrap_sums([sums], count)[:, 0])
    values = [value_of(known.metric, inputs, index) for index in resample(groups, count)]
    return interval(np.where(np.isinf(values), nan, values))


def _line(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    return text[:200]


_REASONS = {
    "scores": "no recognizer was asked for",
    "pairs": "this cell translates no image that has a true partner",
    "sources": "this cell translates no image that has a true partner",
    "pair_labels": "this cell translates no image that has a true partner",
    "pair_scores": "no recognizer saw a translated partner",
    "pair_target_scores": "no recognizer saw a translated partner",
    "features": "no features of translated partners (the recognizer has none, or no partners)",
}
