"""Predictions files, decoded once: what checks, intervals and ranks are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.record import Kept, Record
from irfer_bench.contracts.values import ScoreInputs
from irfer_bench.errors import DamagedError
from irfer_bench.store.records import predictions_of, predictions_path

DECODER = msgspec.json.Decoder(Kept)


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Test items or pairs in the order of a file; files with the same ones share one object.

    Args:
        ids: (N,). subjects: (N,) names or None.
        names: (N,) true classes; empty for pairs, whose classes are not kept.
        labels: (N,) columns of the true classes in `classes`; empty for pairs.
        rarest: items of the rarest class that has any.
    """

    ids: tuple[str, ...]
    subjects: tuple[str | None, ...]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    rarest: int


@dataclass(frozen=True, slots=True)
class TestItems:
    """A record's test items.

    Args:
        tested: who they are.
        scores: (N, classes) log-probabilities, rounded as they were written.
    """

    tested: Tested
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KeptItems:
    """What lies beside a record; `file` is it without its items, which are arrays here."""

    items: TestItems | None
    pairs: Tested
    file: Kept


class Reader:
    """Reads the predictions beside records of one results folder, each file once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, KeptItems | None] = {}
        self._tested: dict[tuple[bool, int], Tested] = {}

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
            items = self._items(file, record) if file.items else None
        except (ValueError, KeyError, RecursionError) as error:  # also what is no UTF-8
            name = predictions_path(self.folder, record).name
            raise DamagedError(f"{name}: {error or type(error).__name__}") from None
        pairs = self._share(record, tuple(file.pairs), tuple(file.subjects), ())
        return KeptItems(items, pairs, msgspec.structs.replace(file, items=None))

    def _items(self, file: Kept, record: Record) -> TestItems:
        items, classes = file.items or [], len(record.classes)
        scores = [item.scores for item in items]
        if any(count != classes for count in set(map(len, scores))):
            raise ValueError(f"an item has not one score for each of {classes} classes")
        flat = np.fromiter(chain.from_iterable(scores), np.float64, len(items) * classes)
        tested = self._share(
            record,
            tuple([item.id for item in items]),
            tuple([item.subject for item in items]),
            tuple([item.label for item in items]),
        )
        return TestItems(tested, flat.reshape(len(items), classes))

    def _share(
        self, record: Record, ids: tuple[str, ...], subjects: tuple[str | None, ...],
        names: tuple[str, ...],
    ) -> Tested:  # fmt: skip
        """Most records of a fold were tested on the same items, in the same order."""
        place, classes = (bool(names), record.cell.fold), tuple(record.classes if names else ())
        known = self._tested.get(place)
        found = ids, subjects, names, classes
        if known is None or found != (known.ids, known.subjects, known.names, known.classes):
            column = {name: i for i, name in enumerate(classes)}
            outside = next((name for name in names if name not in column), None)
            if outside is not None:
                raise ValueError(f"an item's label {outside[:80]!r} is none of the classes")
            labels = np.array([column[name] for name in names], np.int64)
            rarest = int(np.bincount(labels)[np.unique(labels)].min()) if names else 0
            self._tested[place] = known = Tested(*found, labels, rarest)
        return known


def inputs_of(
    classes: Sequence[str], labels: NDArray[np.int64], scores: NDArray[np.float64]
) -> ScoreInputs:
    """What metrics of test items are computed from."""
    known: dict[str, Any] = {}

    def once(name: str, build: Callable[[], Any]) -> Any:
        if name not in known:
            known[name] = build()
        return known[name]

    return ScoreInputs(
        classes=tuple(classes), labels=labels, scores=scores, pair_labels=None, pair_scores=None,
        pair_target_scores=None, pairs=None, features=None, once=once,
    )  # fmt: skip
