"""A row's per-item predictions, folds and seeds pooled: what intervals and ranks are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from irfer_bench.contracts.record import Kept, Record
from irfer_bench.errors import DamagedError
from irfer_bench.statistics.comparison import ItemValues, MetricName, Predictions
from irfer_bench.store.records import predictions_of, predictions_path

RANKED: dict[str, MetricName] = {
    "accuracy": "accuracy",
    "war": "accuracy",
    "uar": "uar",
    "macro_f1": "macro_f1",
}
"""Metrics that follow from predictions alone; others are pooled from values per image."""


DECODER = msgspec.json.Decoder(Kept)


@dataclass
class Pool:
    """What a row's records kept of their items; empty where any of them kept nothing."""

    predictions: Predictions | None = None
    values: dict[str, ItemValues] = field(default_factory=dict)

    def of(self, metric: str) -> Predictions | ItemValues | None:
        """The items behind a metric, or None."""
        return self.predictions if metric in RANKED else self.values.get(metric)


def pool(records: list[Record], folder: Path) -> Pool:
    """Read and join the predictions of some records of one row.

    Raises:
        DamagedError: a file is not what was written beside its record.
    """
    kept = [_read(record, folder) for record in records]
    made = Pool()
    if any(each is None for each in kept):
        return made
    whole = [each for each in kept if each is not None]
    if all(each.items for each in whole):
        made.predictions = _joined(whole, records[0].classes)
    for name in whole[0].values:
        if all(name in each.values for each in whole):
            made.values[name] = ItemValues(
                [pair for each in whole for pair in each.pairs],
                [subject for each in whole for subject in each.subjects],
                np.concatenate([each.values[name] for each in whole]),
            )
    return made


def _joined(kept: list[Kept], classes: list[str]) -> Predictions:
    column = {name: i for i, name in enumerate(classes)}
    items = [item for each in kept for item in each.items or ()]
    ids, subjects, labels, scores = zip(*items, strict=True)
    truth = np.array([column[label] for label in labels])
    return Predictions(ids, subjects, truth, np.array(scores).argmax(1), len(classes))


def _read(record: Record, folder: Path) -> Kept | None:
    text = predictions_of(folder, record)
    if text is None:
        return None
    try:
        return DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedError(f"{predictions_path(folder, record).name}: {error}") from error
