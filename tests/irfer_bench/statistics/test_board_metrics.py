"""Any metric ranks its board, or the board says why not; columns that say nothing stand apart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from irfer_bench.errors import ContractError
from irfer_bench.render.markdown import render_page as render
from irfer_bench.statistics import tables
from irfer_bench.statistics.board import compare_rows
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.measurement import Installed
from irfer_bench.statistics.pooling import pool
from irfer_bench.store.records import Value
from tests.irfer_bench.statistics.metric_records import (
    TopTwo,
    board,
    lookup,
    rows_of,
    write,
)


def test_a_third_partys_metric_without_sums_ranks_and_has_intervals(tmp_path: Path) -> None:
    rows_of(tmp_path, "top_two", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(top_two=Installed(TopTwo())))
    assert [(row.translator, str(row.ranks["translators"])) for row in made.rows] == [
        ("good", "1"), ("worse", "2")]  # fmt: skip
    value = made.rows[0].metrics["top_two"]
    assert value.low is not None
    assert value.high is not None
    assert value.low < 0.9 < value.high
    assert "top\\_two %" in render([made])
    found = pool(made.rows[0].records, Reader(tmp_path)).interval(Installed(TopTwo()))
    assert (value.low, value.high) == pytest.approx(found)


def test_a_metric_without_sums_is_compared_by_what_each_subject_adds(tmp_path: Path) -> None:
    """For a mean over subjects of one size the jackknife is the mean itself."""
    from irfer_bench.registry import load
    from irfer_bench.statistics.measurement import lookup_in

    rows_of(tmp_path, "accuracy", {"good": 0.9, "worse": 0.8})
    a, b = board(tmp_path).rows
    exact = compare_rows(a, b, "accuracy", tmp_path, lookup_in(load()))
    general = compare_rows(a, b, "accuracy", tmp_path, lookup(accuracy=Installed(TopTwo())))
    assert general.difference == pytest.approx(exact.difference)
    assert general.p == pytest.approx(exact.p)


def test_a_row_that_lacks_a_metric_of_the_others_has_intervals_of_its_own(tmp_path: Path) -> None:
    half = Value(value=0.5, unit="fraction", version="1")
    for fold in (1, 2):
        write(tmp_path, "both", fold=fold, right=0.9, metrics={"accuracy": half, "uar": half})
        write(tmp_path, "one", fold=fold, right=0.5, metrics={"accuracy": half})
    rows = {row.translator: row for row in board(tmp_path).rows}
    assert rows["one"].metrics["accuracy"].low is not None
    assert rows["both"].metrics["uar"].low is not None
    assert "uar" not in rows["one"].metrics


def test_a_fault_of_one_metric_of_the_same_sums_leaves_the_others_their_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = Value(value=0.5, unit="fraction", version="1")
    for fold in (1, 2):
        write(tmp_path, "a", fold=fold, metrics={"uar": half, "macro_f1": half})
    together = tables.intervals_by
    asked: list[int] = []

    def fail_together(formulas: Any, rows: Any) -> Any:
        asked.append(len(formulas))
        if len(formulas) > 1:
            raise ContractError("from_sums raised KeyError")
        return together(formulas, rows)

    monkeypatch.setattr(tables, "intervals_by", fail_together)
    (row,) = board(tmp_path).rows
    assert asked == [2, 1, 1]
    assert row.metrics["uar"].low is not None
    assert row.metrics["macro_f1"].low is not None


class Broken(TopTwo):
    """The same with a way to fail."""

    def __init__(self, how: str) -> None:
        self.how = how

    def compute(self, inputs: Any, index: Any = None) -> float:
        if self.how == "raises":
            raise IndexError("no such item")
        if self.how == "array":
            return np.zeros(3)  # type: ignore[return-value]
        return float("nan")


class BrokenSums(TopTwo):
    """Sums of the wrong shape."""

    def __init__(self, how: str) -> None:
        self.how = how

    def summands(self, inputs: Any) -> Any:
        found = np.ones((len(inputs.labels), 2))
        return found[1:] if self.how == "short" else found * np.nan if self.how == "nan" else found

    def from_sums(self, sums: Any) -> Any:
        if self.how == "from_sums":
            raise ZeroDivisionError("division by zero")
        return sums[..., :1] if self.how == "wide" else sums[..., 0] * np.nan


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "metric top_two is not installed here"),
        (Installed(TopTwo(), version="2"), "values are of version 1 of top_two, installed is 2"),
        (Installed(TopTwo(), resamples=0), "metric top_two is not resampled"),
        (Installed(Broken("raises")), "compute raised IndexError: no such item"),
        (Installed(Broken("array")), "compute gave an array of shape (3,)"),
        (Installed(Broken("nan")), "has no value without one of the subjects"),
        (Installed(BrokenSums("short"), summable=True), "not one row for each of 240"),
        (Installed(BrokenSums("nan"), summable=True), "summands are not all finite"),
        (Installed(BrokenSums("from_sums"), summable=True), "from_sums raised ZeroDivisionError"),
        (Installed(BrokenSums("wide"), summable=True), "from_sums gave shape"),
        (Installed(BrokenSums("value"), summable=True), "no value over all its items"),
    ],
)
def test_a_board_that_cannot_be_ranked_says_why(
    tmp_path: Path, known: Installed | None, said: str
) -> None:
    rows_of(tmp_path, "top_two", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(top_two=known))
    assert [row.translator for row in made.rows] == ["good", "worse"]
    assert {row.rank for row in made.rows} == {None}
    (reason,) = [line for line in made.legend if line.startswith("Not ranked: ")]
    assert said in reason
    assert "–" in render([made])
    for row in made.rows:
        assert row.metrics["top_two"].value is not None
        assert row.metrics["top_two"].low is None


def test_a_metric_over_pairs_that_keeps_nothing_ranks_nobody(tmp_path: Path) -> None:
    metric = SimpleNamespace(consumes=frozenset({"features"}), direction="lower", unit="",
                             range=(0, 1), compute=None)  # fmt: skip
    rows_of(tmp_path, "mmd", {"good": 0.9, "worse": 0.5})
    made = board(tmp_path, lookup(mmd=Installed(metric)))  # type: ignore[arg-type]
    assert "Not ranked: metric mmd keeps no per-item values." in made.legend


@pytest.mark.parametrize("form", ["values", "summands"])
def test_a_metric_over_pairs_ranks_by_what_was_kept_of_each_pair(tmp_path: Path, form: str) -> None:
    """Old files keep one number a pair, new ones rows of summands; both pool and may be mixed."""
    for translator, level in (("good", 22.0), ("worse", 20.0)):
        for fold in (1, 2):
            each = np.random.default_rng([fold, 1]).normal(level, 1, 30)
            old = form == "values" or (translator, fold) == ("good", 1)
            kept = {
                "pairs": [f"f{fold}p{i}" for i in range(30)],
                "subjects": [f"f{fold}s{i % 10}" for i in range(30)],
                **({"values": {"psnr": each.tolist()}} if old else
                   {"summands": {"psnr": [[value, 1.0] for value in each.tolist()]}}),
            }  # fmt: skip
            metrics = {"psnr": Value(value=float(each.mean()), unit="dB")}
            write(tmp_path, translator, fold=fold, metrics=metrics, kept=kept)
    made = board(tmp_path)
    assert [str(row.ranks["translators"]) for row in made.rows] == ["1", "2"]
    value = made.rows[0].metrics["psnr"]
    assert value.low is not None
    assert value.value is not None
    assert value.low < value.value
