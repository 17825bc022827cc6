"""What a record says against what follows from its predictions and from the registered setting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import cast

import msgspec
import numpy as np

from irfer_bench.contracts.interfaces import SummableMetric
from irfer_bench.contracts.record import Kept, Record, Value
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import ContractError, UnavailableError
from irfer_bench.statistics.kept import KeptItems, TestItems, inputs_of
from irfer_bench.statistics.measurement import Installed, Lookup, from_sums_of, value_of
from irfer_bench.statistics.pooling import PREDICTED
from irfer_bench.statistics.summation import Recomputed, batches, recompute

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


def find_contradictions(
    read: Sequence[tuple[Record, KeptItems | None]], lookup: Lookup
) -> list[str]:
    """Why each record cannot be believed, in words; empty where nothing speaks against it.

    A value of another version of its metric than the installed one is not recomputed.
    """
    found = [""] * len(read)
    alike: dict[tuple[str, ...], list[tuple[int, Record, TestItems]]] = defaultdict(list)
    for k, (record, kept) in enumerate(read):
        found[k] = _find_outside(record, lookup)
        if kept is not None and kept.items is not None and not found[k]:
            alike[tuple(record.classes)].append((k, record, kept.items))
    for members in alike.values():
        for batch in batches(members, [len(items.scores) for _, _, items in members]):
            metrics = _of_same_version([record for _, record, _ in batch], lookup)
            recomputed = recompute([member[1:] for member in batch], metrics)
            for (k, record, items), own in zip(batch, recomputed, strict=True):
                found[k] = _of_items(record, items, own, lookup)
    for k, (record, kept) in enumerate(read):
        if kept is not None and not found[k]:
            found[k] = _of_pairs(record, kept.file, lookup)
    return found


def _of_same_version(records: Sequence[Record], lookup: Lookup) -> dict[str, Installed]:
    """Metrics of test items with summands, in the version of some of the records' values."""
    named = {(name, value.version) for r in records for name, value in r.metrics.items()}
    return {
        name: own
        for name, version in sorted(named)
        if (own := lookup(name)) is not None
        and own.version == version
        and own.summable
        and own.metric.consumes <= PREDICTED
    }


def _known(record: Record, lookup: Lookup) -> dict[str, Installed]:
    return {
        name: own
        for name, value in record.metrics.items()
        if (own := lookup(name)) is not None and own.version == value.version
    }


def _find_outside(record: Record, lookup: Lookup) -> str:
    for name, value in record.metrics.items():
        if contradiction := _outside(name, value, lookup(name)):
            return contradiction
    return ""


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


def _of_items(record: Record, items: TestItems, own: Recomputed, lookup: Lookup) -> str:
    labels, classes = items.tested.labels, len(record.classes)
    if record.confusion is not None:
        counted = np.bincount(labels * classes + own.predicted, minlength=classes**2)
        written = [count for row in record.confusion for count in row]
        apart = sum(abs(int(a) - b) for a, b in zip(counted, written, strict=False))
        if len(written) != counted.size or apart > 2 * own.unsure:
            return "the confusion matrix contradicts its predictions"
    # A label that rounding may have changed moves a metric by one item of the rarest class.
    slack = TOLERANCE + own.unsure / max(1, items.tested.rarest)
    inputs: ScoreInputs | None = None
    for name, known in _known(record, lookup).items():
        value = record.metrics[name]
        if not known.metric.consumes <= PREDICTED:
            continue
        found = own.values.get(name, nan)
        if isfinite(found) and not _differs(name, value, found, slack):
            continue
        # A value that its summands do not confirm is checked by `compute`.
        inputs = inputs or inputs_of(record.classes, labels, items.scores)
        try:
            contradiction = _differs(name, value, _recomputed(known, inputs), slack)
        except ContractError:
            continue  # a metric that breaks its contract says nothing about a record
        if contradiction:
            return contradiction
    return ""


def _of_pairs(record: Record, file: Kept, lookup: Lookup) -> str:
    if not file.values and not file.summands:
        return ""
    for name, own in _known(record, lookup).items():
        if not own.summable:
            continue
        if file.values.get(name):
            found = float(np.mean(file.values[name]))
        elif file.summands.get(name):
            sums = np.asarray(file.summands[name], np.float64).sum(0)
            try:
                found = float(from_sums_of(cast("SummableMetric", own.metric))(sums))
            except ContractError:
                continue
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
