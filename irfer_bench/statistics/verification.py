"""What a record says against what follows from its predictions and from the registered setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

import msgspec
import numpy as np

from irfer_bench.contracts.interfaces import SummableMetric
from irfer_bench.contracts.record import Kept, Record, Value
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import ContractError, UnavailableError
from irfer_bench.statistics.kept import KeptItems, TestItems
from irfer_bench.statistics.measurement import Installed, Lookup, from_sums_of, value_of
from irfer_bench.statistics.pooling import PREDICTED

ROUNDED = 1e-6
"""Log-probabilities are written with six decimals."""
TOLERANCE = 1e-5
"""Of a value that is made of rounded log-probabilities or of 32-bit sums."""


@dataclass(frozen=True)
class Rules:
    """What a board takes from the registered setting and its metrics, not from a record.

    Args:
        lookup: metrics by name.
        installed: false where the records themselves had to say what is fixed.
    """

    version: str
    folds: int
    seeds: int
    primary: str
    lookup: Lookup
    installed: bool = True
    summary: str = ""


def with_rules(record: Record, rules: Rules) -> Record:
    """The record with folds, seeds and primary metric of the setting, directions of the metrics."""
    change = msgspec.structs.replace
    cell = record.cell
    if cell.setting_version == rules.version:
        cell = change(cell, folds=rules.folds, seeds=rules.seeds, primary=rules.primary)
    metrics = {
        name: value
        if (known := rules.lookup(name)) is None
        or (value.direction, value.unit) == (known.metric.direction, known.metric.unit)
        else change(value, direction=known.metric.direction, unit=known.metric.unit)
        for name, value in record.metrics.items()
    }
    return change(record, cell=cell, metrics=metrics)


def agreed(records: Sequence[Record], lookup: Lookup) -> Rules:
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
        lookup=lookup,
        installed=False,
    )


def find_contradiction(record: Record, kept: KeptItems | None, lookup: Lookup) -> str:
    """Why a record cannot be believed, in words; empty where nothing speaks against it.

    A value of another version of its metric than the installed one is not recomputed.
    """
    every = {name: lookup(name) for name in record.metrics}
    for name, value in record.metrics.items():
        if contradiction := _outside(name, value, every[name]):
            return contradiction
    if kept is None:
        return ""
    known = {
        name: own
        for name, own in every.items()
        if own is not None and own.version == record.metrics[name].version
    }
    try:
        if kept.items is not None and (contradiction := _of_items(record, kept.items, known)):
            return contradiction
        return _of_pairs(record, kept.file, known)
    except ContractError:
        return ""  # a metric that breaks its contract says nothing about a record


def _outside(name: str, value: Value, known: Installed | None) -> str:
    if known is not None:
        low, high = known.metric.range
    else:
        low, high = (0.0, 1.0) if value.unit == "fraction" else (-np.inf, np.inf)
    for number in (value.value, value.low, value.high):
        if number is not None and not low - 1e-9 <= number <= high + 1e-9:
            return f"{name} {number:.6g} is outside {low:g} to {high:g}"
    if value.low is not None and value.high is not None and value.low > value.high:
        return f"the interval of {name} ends before it begins"
    return ""


def _of_items(record: Record, items: TestItems, known: Mapping[str, Installed]) -> str:
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
        own = known.get(name)
        if own is None or not own.metric.consumes <= PREDICTED:
            continue
        if contradiction := _differs(name, value, _recomputed(own, inputs), slack):
            return contradiction
    return ""


def _of_pairs(record: Record, file: Kept, known: Mapping[str, Installed]) -> str:
    for name, own in known.items():
        if name not in file.values and name not in file.summands:
            continue
        if not own.summable:
            continue
        if file.values.get(name):
            found = float(np.mean(file.values[name]))
        elif file.summands.get(name):
            sums = np.asarray(file.summands[name], np.float64).sum(0)
            found = float(from_sums_of(cast("SummableMetric", own.metric))(sums))
        else:
            continue
        if contradiction := _differs(name, record.metrics[name], _finite(found), TOLERANCE):
            return contradiction
    return ""


def _differs(name: str, value: Value, found: float | None, slack: float) -> str:
    if found is None and value.value is None:
        return ""
    if found is None or value.value is None:
        recorded = "no value" if value.value is None else f"{value.value:.6g}"
        own = "none" if found is None else f"{found:.6g}"
        return f"{name} contradicts its predictions: {recorded}, recomputed {own}"
    if abs(found - value.value) <= slack * max(1.0, abs(found)):
        return ""
    return f"{name} contradicts its predictions: {value.value:.6g}, recomputed {found:.6g}"


def _recomputed(own: Installed, inputs: ScoreInputs) -> float | None:
    try:
        return _finite(value_of(own.metric, inputs))
    except UnavailableError:
        return None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _unsure(items: TestItems) -> int:
    """How many further scores are so close to an item's largest that rounding may swap them."""
    largest = items.scores.max(1, keepdims=True)
    return int(np.count_nonzero(items.scores >= largest - ROUNDED)) - len(items.ids)


def _inputs(record: Record, items: TestItems) -> ScoreInputs:
    known: dict[str, Any] = {}

    def once(name: str, build: Callable[[], Any]) -> Any:
        if name not in known:
            known[name] = build()
        return known[name]

    nothing = (None, None, None, None, None)
    return ScoreInputs(tuple(record.classes), items.labels, items.scores, *nothing, once)
