"""Summands of many records at once: one call of a metric's code serves all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from irfer_bench.contracts.interfaces import SummableMetric
from irfer_bench.contracts.record import Record
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import ContractError, UnavailableError
from irfer_bench.statistics.kept import TestItems, inputs_of
from irfer_bench.statistics.measurement import Installed, from_sums_of, summands_of
from irfer_bench.statistics.resampling import Floats, Ints

TOGETHER = 20_000
"""Test items at once: enough that a call costs little, few enough that memory stays small."""
ROUNDED = 1e-6
"""Log-probabilities are written with six decimals."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What follows from one record's test items.

    Args:
        values: of metrics with summands, by name; NaN where there is none.
        predicted: (N,) columns with the largest score.
        unsure: further scores so close to an item's largest that rounding may swap them.
    """

    values: Mapping[str, float]
    predicted: Ints
    unsure: int


def sums_of(
    inputs: ScoreInputs, metrics: Mapping[str, Installed], add: Callable[[Floats], T]
) -> dict[str, T]:
    """Each metric's summands as `add` adds them up; metrics of the same summands share the sums.

    A metric whose code gives none is left out.
    """
    found: dict[str, T] = {}
    known: dict[int, tuple[Floats, T]] = {}
    for name, own in metrics.items():
        metric = cast("SummableMetric", own.metric)
        try:
            summands = summands_of(metric, inputs, len(inputs.labels))
        except (UnavailableError, ContractError):
            continue
        if id(summands) not in known:
            known[id(summands)] = summands, add(summands)
        found[name] = known[id(summands)][1]
    return found


def recompute(
    records: Sequence[tuple[Record, TestItems]], metrics: Mapping[str, Installed]
) -> list[Recomputed]:
    """What follows from the items of records with the same classes."""
    sizes = np.array([len(items.scores) for _, items in records])
    starts = np.cumsum(sizes) - sizes
    scores = np.concatenate([items.scores for _, items in records])
    labels = np.concatenate([items.tested.labels for _, items in records])
    classes = records[0][0].classes
    inputs = inputs_of(classes, labels, scores)
    sums = sums_of(inputs, metrics, lambda summands: np.add.reduceat(summands, starts))
    values = {}
    for name, own in sums.items():
        try:
            values[name] = from_sums_of(cast("SummableMetric", metrics[name].metric))(own).tolist()
        except ContractError:
            continue  # `compute` is asked record by record
    near = np.count_nonzero(scores >= scores.max(1, keepdims=True) - ROUNDED, axis=1)
    unsure = (np.add.reduceat(near, starts) - sizes).tolist()
    predicted = np.split(scores.argmax(1), starts[1:])
    return [
        Recomputed({name: own[k] for name, own in values.items()}, predicted[k], unsure[k])
        for k in range(len(records))
    ]


def batches(members: Sequence[T], sizes: Sequence[int]) -> Iterator[Sequence[T]]:
    """Runs of members with at most `TOGETHER` test items, or of one that has more.

    Args:
        sizes: test items of each member.
    """
    start, total = 0, 0
    for k, size in enumerate(sizes):
        if total and total + size > TOGETHER:
            yield members[start:k]
            start, total = k, 0
        total += size
    if members:
        yield members[start:]
