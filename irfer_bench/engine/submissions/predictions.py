"""A record's counts and classes against its predictions, and the predictions themselves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.record import Record
from irfer_bench.engine.stages.predict import SUM_TOLERANCE
from irfer_bench.statistics.kept import KeptItems


def find_prediction_faults(record: Record, kept: KeptItems) -> Iterator[str]:
    """Contradictions of one record and its predictions, besides its metrics."""
    if kept.file.classes != record.classes:
        yield "the classes are not those of its predictions"
    if kept.items is not None:
        tested = kept.items.tested
        if len(tested.ids) != record.data.test:
            yield f"{record.data.test} items tested, and {len(tested.ids)} predictions"
        if repeated := _repeated(tested.ids):
            yield f"item {repeated} stands twice among its predictions"
        if record.data.subjects == "checked" and None in tested.subjects:
            yield "the record says that subjects were checked, and items have none"
        yield from _of_scores(kept.items.scores)
    elif record.recognizer is not None:
        yield "a recognizer, and no item among its predictions"
    pairs = kept.pairs.ids
    if pairs and len(pairs) != record.data.pairs:
        yield f"{record.data.pairs} pairs scored, and {len(pairs)} among its predictions"
    if repeated := _repeated(pairs):
        yield f"pair {repeated} stands twice among its predictions"
    for name, rows in (kept.file.values | kept.file.summands).items():
        if len(rows) != len(pairs):
            yield f"{len(rows)} values of {name[:80]!r}, and {len(pairs)} pairs"


def _of_scores(scores: NDArray[np.float64]) -> Iterator[str]:
    with np.errstate(all="ignore"):
        total = np.exp(np.logaddexp.reduce(scores, axis=1))
    wrong = np.flatnonzero(~(np.abs(total - 1) <= SUM_TOLERANCE))
    if wrong.size:
        yield f"probabilities of an item sum to {total[wrong[0]]:.3g}, not 1"


def _repeated(ids: tuple[str, ...]) -> str:
    """The first id that stands twice, quoted; or empty."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            return repr(name[:80])
        seen.add(name)
    return ""
