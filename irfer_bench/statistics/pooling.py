"""A row's per-item predictions, folds and seeds pooled: what intervals and ranks are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from irfer_bench.contracts.record import Record
from irfer_bench.statistics.comparison import ItemValues, MetricName, Predictions
from irfer_bench.statistics.kept import Items, Reader

RANKED: dict[str, MetricName] = {
    "accuracy": "accuracy",
    "war": "accuracy",
    "uar": "uar",
    "macro_f1": "macro_f1",
}
"""Metrics that follow from predictions alone; others are pooled from values per image."""


@dataclass
class Pool:
    """What a row's records kept of their items; empty where any of them kept nothing."""

    predictions: Predictions | None = None
    values: dict[str, ItemValues] = field(default_factory=dict)

    def of(self, metric: str) -> Predictions | ItemValues | None:
        """The items behind a metric, or None."""
        return self.predictions if metric in RANKED else self.values.get(metric)


def pool(records: list[Record], reader: Reader) -> Pool:
    """Read and join the predictions of some records of one row.

    Raises:
        DamagedError: a file is not what was written beside its record.
    """
    kept = [reader.read(record) for record in records]
    made = Pool()
    if any(each is None for each in kept):
        return made
    whole = [each for each in kept if each is not None]
    items = [each.items for each in whole if each.items is not None]
    if len(items) == len(whole):
        made.predictions = _joined(items, len(records[0].classes))
    files = [each.file for each in whole]
    for name in files[0].values:
        if all(name in each.values for each in files):
            made.values[name] = ItemValues(
                [pair for each in files for pair in each.pairs],
                [subject for each in files for subject in each.subjects],
                np.concatenate([each.values[name] for each in files]),
            )
    return made


def _joined(items: list[Items], classes: int) -> Predictions:
    return Predictions(
        [name for each in items for name in each.ids],
        [name for each in items for name in each.subjects],
        np.concatenate([each.labels for each in items]),
        np.concatenate([each.predicted for each in items]),
        classes,
    )
