"""Many records at once give what each gives alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from irfer_bench.statistics.bootstrap import Sums, intervals, intervals_by
from irfer_bench.statistics.kept import KeptItems, Reader
from irfer_bench.statistics.measurement import Installed, value_of
from irfer_bench.statistics.summation import batches, inputs_of, recompute
from irfer_bench.statistics.verification import find_contradictions
from irfer_bench.store.records import Record, Value
from irfer_metrics.recognition import Accuracy, MacroF1, Uar
from tests.irfer_bench.statistics.metric_records import write

METRICS: dict[str, Any] = {"accuracy": Accuracy(), "macro_f1": MacroF1(), "uar": Uar()}
KNOWN = {name: Installed(metric, summable=True) for name, metric in METRICS.items()}


class Unlike(Accuracy):
    """Its summands belong to another value than `compute`."""

    def summands(self, inputs: Any) -> Any:
        return super().summands(inputs) * [0.5, 1.0]


class Broken(Accuracy):
    """Its summands have the wrong length."""

    def summands(self, inputs: Any) -> Any:
        return super().summands(inputs)[1:]


def alone(record: Record, items: Any, name: str) -> float:
    inputs = inputs_of(record.classes, items.tested.labels, items.scores)
    return value_of(METRICS[name], inputs)


def read_all(out: Any, wrong: int = -1) -> list[tuple[Record, KeptItems | None]]:
    reader, read = Reader(out), []
    for k, right in enumerate((0.5, 0.6, 0.7, 0.8)):
        value = Value(value=0.0, unit="fraction")
        draft = write(out, f"t{k}", right=right, metrics={"accuracy": value})
        kept = reader.read(draft)
        assert kept is not None and kept.items is not None
        true = alone(draft, kept.items, "accuracy") - (0.1 if k == wrong else 0)
        value = Value(value=true, unit="fraction")
        record = write(out, f"t{k}", right=right, metrics={"accuracy": value})
        read.append((record, reader.read(record)))
    return read


def test_records_recomputed_together_have_their_own_values(tmp_path: Any) -> None:
    read = [(record, kept.items) for record, kept in read_all(tmp_path) if kept and kept.items]
    for (record, items), found in zip(read, recompute(read, KNOWN), strict=True):
        assert set(found.values) == set(METRICS)
        assert found.values == pytest.approx({n: alone(record, items, n) for n in METRICS})
        assert (found.predicted == items.scores.argmax(1)).all()


@pytest.mark.parametrize("metric", [Accuracy(), Unlike(), Broken()])
def test_the_one_record_that_contradicts_its_predictions_is_named(
    tmp_path: Any, metric: Any
) -> None:
    known = {"accuracy": Installed(metric, summable=True)}
    said = find_contradictions(read_all(tmp_path, wrong=2), known.get)
    assert [bool(text) for text in said] == [False, False, True, False]
    assert "accuracy contradicts its predictions" in said[2]


def test_records_of_the_same_items_share_them(tmp_path: Any) -> None:
    tested = {kept.items.tested for _, kept in read_all(tmp_path) if kept and kept.items}
    assert len(tested) == 1


def test_batches_hold_every_member_once_and_stay_small() -> None:
    sizes = [9_000, 9_000, 9_000, 50_000, 1, 1]
    found = list(batches(list(range(6)), sizes))
    assert found == [[0, 1], [2], [3], [4, 5]]
    assert not list(batches([], []))


def test_metrics_of_the_same_sums_have_the_intervals_that_each_has_alone() -> None:
    random = np.random.default_rng(0)
    tables = [random.integers(0, 9, size=(2, 15, 18)).astype(float) for _ in range(3)]
    formulas = [MacroF1().from_sums, Uar().from_sums]
    together = intervals_by(formulas, [Sums(table, formulas[0]) for table in tables])
    for own, formula in zip(together, formulas, strict=True):
        assert own == intervals([Sums(table, formula) for table in tables])
