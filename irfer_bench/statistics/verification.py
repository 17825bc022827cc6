"""What a record says against what follows from its predictions and from the registered setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import msgspec
import numpy as np

from irfer_bench.contracts.interfaces import Metric
from irfer_bench.contracts.record import Record, Value
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import UnavailableError
from irfer_bench.statistics.kept import Items, KeptItems

ROUNDED = 1e-6
"""Log-probabilities are written with six decimals."""
TOLERANCE = 1e-5
"""Of a value that is made of rounded log-probabilities or of 32-bit sums."""


@dataclass(frozen=True)
class Rules:
    """What a board takes from the registered setting and its metrics, not from a record.

    Args:
        metrics: the metric itself by name; a metric that is not installed is not there.
        versions: of those metrics; a value of another version is not recomputed.
        means: metrics that are the mean of their values per pair.
        installed: false where the records themselves had to say what is fixed.
    """

    version: str
    folds: int
    seeds: int
    primary: str
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    means: frozenset[str] = frozenset()
    installed: bool = True


NO_RULES = Rules("", 0, 0, "")


def with_rules(record: Record, rules: Rules | None) -> Record:
    """The record with folds, seeds and primary metric of the setting, directions of the metrics."""
    if rules is None:
        return record
    change = msgspec.structs.replace
    cell = record.cell
    if cell.setting_version == rules.version:
        cell = change(cell, folds=rules.folds, seeds=rules.seeds, primary=rules.primary)
    metrics = {
        name: value
        if (metric := rules.metrics.get(name)) is None
        or (value.direction, value.unit) == (metric.direction, metric.unit)
        else change(value, direction=metric.direction, unit=metric.unit)
        for name, value in record.metrics.items()
    }
    return change(record, cell=cell, metrics=metrics)


def agreed(records: Sequence[Record]) -> Rules:
    """Rules where the setting is not installed: the most folds and seeds that a record names.

    A record that names fewer than the others completes no row.
    """
    cells = [record.cell for record in records]
    names = sorted({cell.primary for cell in cells})
    return Rules(
        version=cells[0].setting_version,
        folds=max(cell.folds for cell in cells),
        seeds=max(cell.seeds for cell in cells),
        primary=max(names, key=lambda name: sum(cell.primary == name for cell in cells)),
        installed=False,
    )


def find_contradiction(record: Record, kept: KeptItems | None, rules: Rules | None) -> str:
    """Why a record cannot be believed, in words; empty where nothing speaks against it."""
    rules = rules or NO_RULES
    for name, value in record.metrics.items():
        if said := _outside(name, value, rules.metrics.get(name)):
            return said
    if kept is None:
        return ""
    known = {
        name: metric
        for name, metric in rules.metrics.items()
        if name in record.metrics and record.metrics[name].version == rules.versions.get(name)
    }
    if kept.items is not None and (said := _of_items(record, kept.items, known)):
        return said
    return _of_pairs(record, kept, known, rules.means)


def _outside(name: str, value: Value, metric: Metric | None) -> str:
    low, high = _range(value, metric)
    for number in (value.value, value.low, value.high):
        if number is not None and not low - 1e-9 <= number <= high + 1e-9:
            return f"{name} {number:.6g} is outside {low:g} to {high:g}"
    if value.low is not None and value.high is not None and value.low > value.high:
        return f"the interval of {name} ends before it begins"
    return ""


def _range(value: Value, metric: Metric | None) -> tuple[float, float]:
    if metric is not None:
        return metric.range
    return (0.0, 1.0) if value.unit == "fraction" else (-np.inf, np.inf)


def _of_items(record: Record, items: Items, known: Mapping[str, Metric]) -> str:
    classes = len(record.classes)
    unsure = _unsure(items)
    if record.confusion is not None:
        counted = np.bincount(items.labels * classes + items.predicted, minlength=classes**2)
        written = np.array(record.confusion).reshape(-1)
        if written.shape != counted.shape or abs(counted - written).sum() > 2 * unsure:
            return "the confusion matrix contradicts its predictions"
    inputs = _inputs(record, items)
    # A label that rounding may have changed moves a metric by one item of the rarest class.
    slack = TOLERANCE + unsure / max(1, np.bincount(items.labels)[np.unique(items.labels)].min())
    for name, value in record.metrics.items():
        metric = known.get(name)
        if metric is None or not metric.consumes <= {"scores", "labels"}:
            continue
        if said := _differs(name, value, _value_of(metric, inputs), slack):
            return said
    return ""


def _of_pairs(
    record: Record, kept: KeptItems, known: Mapping[str, Metric], means: frozenset[str]
) -> str:
    found: dict[str, float | None] = {
        name: float(np.mean(values))
        for name, values in kept.file.values.items()
        if name in means and name in known and values
    }
    for name, rows in kept.file.summands.items():
        combine = getattr(known.get(name), "from_sums", None)
        if combine is not None and rows:
            found[name] = _finite(combine(np.asarray(rows, np.float64).sum(0)))
    for name, value in found.items():
        if said := _differs(name, record.metrics[name], value, TOLERANCE):
            return said
    return ""


def _differs(name: str, value: Value, found: float | None, slack: float) -> str:
    if found is None and value.value is None:
        return ""
    if found is None or value.value is None:
        said = "no value" if value.value is None else f"{value.value:.6g}"
        own = "none" if found is None else f"{found:.6g}"
        return f"{name} contradicts its predictions: {said}, recomputed {own}"
    if abs(found - value.value) <= slack * max(1.0, abs(found)):
        return ""
    return f"{name} contradicts its predictions: {value.value:.6g}, recomputed {found:.6g}"


def _value_of(metric: Metric, inputs: ScoreInputs) -> float | None:
    try:
        return _finite(metric.compute(inputs))
    except UnavailableError:
        return None


def _finite(value: Any) -> float | None:
    return float(value) if isfinite(value) else None


def _unsure(items: Items) -> int:
    """How many items' two largest scores are so close that rounding may have swapped them."""
    if items.scores.shape[1] < 2:
        return 0
    second, first = np.partition(items.scores, -2, axis=1)[:, -2:].T
    return int((first - second <= ROUNDED).sum())


def _inputs(record: Record, items: Items) -> ScoreInputs:
    known: dict[str, Any] = {}

    def once(name: str, build: Callable[[], Any]) -> Any:
        if name not in known:
            known[name] = build()
        return known[name]

    nothing = (None, None, None, None, None)
    return ScoreInputs(tuple(record.classes), items.labels, items.scores, *nothing, once)
