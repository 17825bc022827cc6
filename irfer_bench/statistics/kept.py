"""Predictions files, decoded once: what checks, intervals and ranks are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.record import Kept, Record
from irfer_bench.errors import DamagedError
from irfer_bench.store.records import predictions_of, predictions_path

DECODER = msgspec.json.Decoder(Kept)


@dataclass(frozen=True, slots=True)
class TestItems:
    """A record's test items.

    Args:
        ids: (N,). subjects: (N,) names or None. labels: (N,) columns of the true classes.
        scores: (N, classes) log-probabilities, rounded as they were written.
        predicted: (N,) columns with the largest score.
    """

    ids: tuple[str, ...]
    subjects: tuple[str | None, ...]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class KeptItems:
    """What lies beside a record; `file` is it without its items, which are arrays here."""

    items: TestItems | None
    file: Kept


class Reader:
    """Reads the predictions beside records of one results folder, each file once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, KeptItems | None] = {}

    def read(self, record: Record) -> KeptItems | None:
        """A record's predictions, or None where there are none.

        Raises:
            DamagedError: the file is not what was written beside its record.
        """
        # The digest tells apart two records of one key, of which one was edited and sealed anew.
        key = record.digest or record.key
        if key not in self._known:
            self._known[key] = self._decode(record)
        return self._known[key]

    def _decode(self, record: Record) -> KeptItems | None:
        text = predictions_of(self.folder, record)
        if text is None:
            return None
        try:
            file = DECODER.decode(text)
            items = _items(file, record.classes) if file.items else None
        except (ValueError, KeyError, RecursionError) as error:  # also what is no UTF-8
            name = predictions_path(self.folder, record).name
            raise DamagedError(f"{name}: {error or type(error).__name__}") from None
        return KeptItems(items, msgspec.structs.replace(file, items=None))


def _items(file: Kept, classes: list[str]) -> TestItems:
    column: Mapping[str, int] = {name: i for i, name in enumerate(classes)}
    items = file.items or ()
    scores = [item.scores for item in items]
    if any(len(row) != len(classes) for row in scores):
        raise ValueError(f"an item has not one score for each of {len(classes)} classes")
    flat = np.fromiter(chain.from_iterable(scores), np.float64, len(items) * len(classes))
    values = flat.reshape(len(items), len(classes))
    return TestItems(
        tuple([item.id for item in items]),
        tuple([item.subject for item in items]),
        np.array([column[item.label] for item in items], np.int64),
        values,
        values.argmax(1),
    )
