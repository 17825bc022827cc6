"""Which metric ranks, which version a column is of, and what a board says of its rows."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from irfer_bench.contracts.record import Record, Value
from irfer_bench.errors import ContractError, DamagedError, UnavailableError
from irfer_bench.statistics.board import (
    _keep_one_version,
    _primary,
    compare_rows,
    make_boards,
    without_collection,
)
from irfer_bench.statistics.kept import Reader
from irfer_bench.statistics.measurement import Installed
from irfer_bench.statistics.pooling import Pool, pool
from irfer_bench.statistics.ranking import PROVISIONAL
from irfer_bench.store import records
from tests.irfer_bench.statistics.metric_records import TopTwo, board, lookup, rows_of, write

HALF = {"accuracy": Value(value=0.5, unit="fraction")}


def valued(record: Record, created: str = "2025", **values: Value) -> Record:
    return msgspec.structs.replace(record, metrics=values, created=created)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return write(tmp_path, metrics=HALF)


def test_the_setting_s_primary_metric_ranks_and_else_the_first_that_has_values(
    record: Record,
) -> None:
    has, none = Value(value=0.5), Value(value=None, reason="no weights")
    one, two = valued(record, lpips=none, psnr=has), valued(record, ssim=has)
    names = ["lpips", "ssim", "psnr"]
    assert _primary("psnr", names, [one, two]) == "psnr"
    assert _primary("ssim", names, [one, two]) == "ssim", "one of the rows lacks it altogether"
    assert _primary("lpips", names, [one, two]) == "ssim"
    assert _primary("lpips", names, [one]) == "psnr"
    assert _primary("lpips", ["lpips"], [one, valued(record, lpips=has)]) == "lpips"
    assert _primary("lpips", ["lpips"], [one]) == "lpips"


def test_a_board_says_which_metric_ranks_in_place_of_another(tmp_path: Path) -> None:
    none = Value(value=None, reason="no weights")
    for translator, right in (("good", 0.9), ("bad", 0.4)):
        values = {"lpips": none, "accuracy": Value(value=right, unit="fraction")}
        for fold in (1, 2):
            write(tmp_path, translator, right=right, fold=fold, metrics=values)
    made = board(tmp_path)
    assert made.primary == "accuracy"
    assert made.legend[0] == "The primary metric lpips has no value here: accuracy ranks."
    assert [row.translator for row in made.rows] == ["good", "bad"]


def test_a_column_is_of_the_installed_version_and_else_of_the_newest_value(record: Record) -> None:
    def of(version: str, value: float | None = 0.5) -> Value:
        return Value(value=value, version=version)

    old = valued(record, "2020", m=of("1"))
    new = valued(record, "2021", m=of("2"))
    empty = valued(record, "2022", m=of("3", None))
    every = [new, empty, old]

    def version(installed: str | None, given: list[Record]) -> str:
        known = None if installed is None else Installed(TopTwo(), version=installed)
        found, kept = _keep_one_version({"m": known}, given)
        for before, after in zip(given, kept, strict=True):
            same = before.metrics["m"].version == found["m"] or before.metrics["m"].value is None
            assert (after is before) == same
            if not same:
                assert after.metrics["m"].value is None
                assert f"this column is of version {found['m']}" in after.metrics["m"].reason
        return found["m"]

    assert version(None, every) == "2", "a newer record without a value decides nothing"
    assert version(None, [old, empty]) == "1"
    assert version("1", every) == "1"
    assert version("3", every) == "2", "no value is of the installed version"
    assert version(None, [empty]) == "3"


def test_rows_whose_predictions_are_there_can_be_checked(tmp_path: Path) -> None:
    rows_of(tmp_path, "accuracy", {"kept": 0.9, "gone": 0.4})
    for path in tmp_path.glob("predictions/*/gone*"):
        path.unlink()
    made = board(tmp_path)
    assert {row.translator: row.kept for row in made.rows} == {"kept": True, "gone": False}
    (marks,) = (row.marks for row in made.rows if row.translator == "gone")
    assert "not ranked: predictions are not there" in marks


def test_provisional_ranks_are_explained_where_there_are_any(tmp_path: Path) -> None:
    rows_of(tmp_path / "whole", "accuracy", {"good": 0.9, "bad": 0.4})
    assert PROVISIONAL not in board(tmp_path / "whole").legend
    for translator, right in (("good", 0.9), ("bad", 0.4)):
        write(tmp_path / "half", translator, right=right, metrics=HALF)
    half = board(tmp_path / "half")
    assert half.legend[-1] == PROVISIONAL
    assert any(line.startswith("Ranks compare translators") for line in half.legend)
    ranks = {row.translator: str(row.provisional["translators"]) for row in half.rows}
    assert ranks == {"good": "1", "bad": "2"}
    write(tmp_path / "one", "alone", metrics=HALF)
    assert board(tmp_path / "one").legend == []


def test_a_metric_without_a_better_direction_ranks_nobody(tmp_path: Path) -> None:
    for translator in ("a", "b"):
        for fold in (1, 2):
            values = {"shift": Value(value=0.5, direction="none")}
            write(tmp_path, translator, fold=fold, metrics=values)
    made = board(tmp_path, lookup(shift=Installed(TopTwo())))
    assert "Not ranked: metric shift has no better direction." in made.legend
    assert [row.rank for row in made.rows] == [None, None]
    assert sorted(row.number for row in made.rows) == [0, 1]


def test_failures_and_damage_stand_with_the_first_board(tmp_path: Path) -> None:
    ok = write(tmp_path, metrics=HALF)
    other = write(tmp_path, metrics=HALF, setting="zz")
    cell = msgspec.structs.replace(ok.cell, fold=2)
    failed = msgspec.structs.replace(ok, outcome="oom", cell=cell, warnings=["killed", "later"])
    silent = msgspec.structs.replace(failed, warnings=[])
    made = make_boards([DamagedError("x.json is cut"), other, ok, failed, silent], tmp_path)
    assert [each.setting for each in made] == ["toy_weak", "zz"]
    assert made[0].problems[:3] == [
        "x.json is cut", "a × r, fold 2, seed 0: oom: killed",
        "a × r, fold 2, seed 0: oom: no reason was recorded"]  # fmt: skip
    assert made[1].problems == []
    with pytest.raises(DamagedError, match=r"no record can be read: x\.json is cut"):
        make_boards([DamagedError("x.json is cut"), failed], tmp_path)
    assert make_boards([failed], tmp_path) == []


def test_unlike_boards_stand_apart_in_the_order_of_their_names(tmp_path: Path) -> None:
    made = [
        write(tmp_path, metrics=HALF, **cell)
        for cell in (
            {"preset": "quick"},
            {"preset": "bench"},
            {"preset": "bench", "setting_version": "9"},
        )
    ]
    data = msgspec.structs.replace(made[0].data, fingerprint="other")
    boards = make_boards([*made, msgspec.structs.replace(made[0], data=data)], tmp_path)
    assert [(each.preset, each.version) for each in boards] == [
        ("bench", "1"), ("bench", "9"), ("quick", "1"), ("quick", "1")]  # fmt: skip
    assert len({each.data for each in boards[2:]}) == 2


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was_after_a_board(enabled: bool) -> None:
    import gc

    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ZeroDivisionError), without_collection():
            assert not gc.isenabled()
            raise ZeroDivisionError
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if before else gc.disable)()


def over(*consumed: str, **facts: Any) -> Installed:
    """The metric TopTwo that declares other inputs."""
    made: Any = SimpleNamespace(
        consumes=frozenset(consumed), direction="higher", unit="", range=(0, 1),
        compute=TopTwo().compute)  # fmt: skip
    return Installed(made, **facts)


@pytest.fixture
def pooled(tmp_path: Path) -> Pool:
    made = [write(tmp_path, right=0.7, fold=fold, metrics=HALF) for fold in (1, 2)]
    return pool(made, Reader(tmp_path))


def test_a_metric_without_sums_is_resampled_from_what_predictions_keep(pooled: Pool) -> None:
    low, high = pooled.interval(over("scores", "labels", "classes"))
    assert 0.5 < low < high < 0.9
    for known in (over("scores", "pairs"), over("features"), over("scores", resamples=0)):
        assert np.isnan(pooled.interval(known)).all()
    assert np.isnan(Pool().interval(over("scores"))).all()
    few, many = (pooled.interval(over("scores", resamples=count)) for count in (2, 1000))
    assert many == pooled.interval(over("scores")) != few


def test_one_subject_alone_has_no_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.irfer_bench.statistics.metric_records.SUBJECTS", 1)
    made = pool([write(tmp_path, right=0.7, metrics=HALF)], Reader(tmp_path))
    assert np.isnan(made.interval(over("scores"))).all()


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "metric m is not installed here"),
        (over("pairs"), "metric m keeps no per-item values"),
        (over("scores", resamples=0), "metric m is not resampled"),
    ],
)
def test_a_metric_without_sums_says_why(pooled: Pool, known: Installed, said: str) -> None:
    with pytest.raises(UnavailableError, match=said):
        pooled.sums("m", known)


def test_without_predictions_there_are_no_sums(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="predictions were not kept"):
        Pool().sums("m", over("scores"))
    gone = write(tmp_path, metrics=HALF)
    there = write(tmp_path, fold=2, metrics=HALF)
    records.predictions_path(tmp_path, gone).unlink()
    assert pool([gone, there], Reader(tmp_path)).empty


def paired(folder: Path, fold: int, numbers: list[Any], form: str) -> Record:
    kept = {"pairs": [f"f{fold}p{i}" for i in range(4)], "subjects": ["a", "a", "b", "b"],
            form: {"m": numbers}}  # fmt: skip
    return write(folder, fold=fold, metrics=HALF, kept=kept)


def test_numbers_of_pairs_are_means_and_pool_with_their_sums(tmp_path: Path) -> None:
    """One number a pair, as old files keep; beside sums of something else they are no sums."""
    old = paired(tmp_path, 1, [1.0, 2.0, 3.0, 4.0], "values")
    new = paired(tmp_path, 2, [[5.0, 1.0]] * 4, "summands")
    made = pool([old, new], Reader(tmp_path))
    assert made.means == {"m"} and made.from_summands("m", None)
    sums = made.sums("m", None)
    assert float(sums.from_sums(sums.table.sum((0, 1)))) == pytest.approx(30 / 8)
    other = paired(tmp_path, 2, [[5.0, 2.0]] * 4, "summands")
    mixed = pool([old, other], Reader(tmp_path))
    assert mixed.means == frozenset() and mixed.summands == {}
    whole = pool([paired(tmp_path, 1, [[5.0, 2.0]] * 4, "summands"), other], Reader(tmp_path))
    assert whole.means == frozenset() and list(whole.summands) == ["m"]
    with pytest.raises(UnavailableError, match="metric m is not installed here"):
        whole.sums("m", None)
    with pytest.raises(ContractError, match="has no from_sums for the summands that were kept"):
        whole.sums("m", over("pairs"))


@pytest.mark.parametrize("numbers", [[[1.0, 1.0]] * 3, [[1.0, float("inf")]] * 4])
def test_sums_of_pairs_are_one_row_of_numbers_each(tmp_path: Path, numbers: list[Any]) -> None:
    finite = [[1e999 if n == float("inf") else n for n in row] for row in numbers]
    with pytest.raises((ValueError, DamagedError)):
        pool([paired(tmp_path, 1, finite, "summands")], Reader(tmp_path))


def test_records_of_other_classes_or_items_do_not_pool(tmp_path: Path) -> None:
    one, two = (write(tmp_path, fold=fold, metrics=HALF) for fold in (1, 2))
    with pytest.raises(ValueError, match="records of one row have different classes"):
        pool([one, msgspec.structs.replace(two, classes=["anger", "fear", "disgust"])],
             Reader(tmp_path))  # fmt: skip
    more = write(tmp_path, fold=1, seed=1, metrics=HALF)
    with pytest.raises(ValueError, match="predicted by more seeds than others"):
        pool([one, two, more], Reader(tmp_path))


def test_two_rows_are_compared_by_one_metric(tmp_path: Path) -> None:
    rows_of(tmp_path, "accuracy", {"good": 0.9, "worse": 0.4})
    good, worse = board(tmp_path).rows
    found = compare_rows(good, worse, "accuracy", tmp_path)
    assert found.difference > 0.3 and found.p < 0.05
    with pytest.raises(UnavailableError, match="metric none_such is not installed here"):
        compare_rows(good, worse, "none_such", tmp_path, lookup())
