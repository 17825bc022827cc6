"""What one row of a board is made of, and what is marked on it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from irfer_bench.contracts.record import Record, Value
from irfer_bench.statistics.rows import Row, make_rows
from irfer_bench.store.records import read_record
from tests.irfer_bench.store.test_records import GOLDEN

change = msgspec.structs.replace
WHOLE = read_record(GOLDEN)


def record(fold: int = 1, seed: int = 0, *, folds: int = 2, seeds: int = 1, **more: Any) -> Record:
    """A cell's record; `data`, `recognizer` and `cell` change fields of these."""
    cell = change(
        WHOLE.cell, fold=fold, seed=seed, folds=folds, seeds=seeds, **more.pop("cell", {})
    )
    changes: dict[str, Any] = {
        "cell": cell,
        "confusion": [[3, 2, 0], [0, 5, 0], [0, 0, 5]],
        "data": change(WHOLE.data, **({"unlabelled_target": False} | more.pop("data", {}))),
        "recognizer": change(WHOLE.recognizer, **more.pop("recognizer", {})),
    }
    return change(WHOLE, **(changes | more))


def row_of(*records: Record) -> Row:
    (row,) = make_rows(records)
    return row


def test_folds_and_seeds_of_one_experiment_are_one_row() -> None:
    row = row_of(*(record(fold, seed, seeds=2) for seed in (1, 0) for fold in (2, 1)))
    assert row.cells == ((1, 0), (1, 1), (2, 0), (2, 1))
    assert (row.fits, row.complete, row.marks) == (2, True, [])
    assert row.seconds == pytest.approx(4 * sum(step.seconds for step in WHOLE.steps))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([(1, 0)], "partial: 1 of 2 folds, 1 of 2 seeds"),
        ([(1, 0), (2, 0)], "partial: 2 of 2 folds, 1 of 2 seeds"),
        ([(1, 0), (2, 1)], "partial: 2 of 2 folds, 2 of 2 seeds"),
    ],
)
def test_a_row_without_all_folds_of_enough_seeds_is_partial(
    cells: list[tuple[int, int]], said: str
) -> None:
    row = row_of(*(record(fold, seed, seeds=2) for fold, seed in cells))
    assert (row.complete, row.marks) == (False, [said])


def test_a_further_seed_without_all_folds_is_left_out_of_a_complete_row() -> None:
    row = row_of(record(1, 0), record(2, 0), record(1, 1))
    assert row.complete
    assert row.cells == ((1, 0), (2, 0))


def test_the_newest_record_of_a_cell_counts() -> None:
    values = {"2020-01-01T00:00:00Z": 0.1, "2021-01-01T00:00:00Z": 0.2}
    found = [
        record(folds=1, created=created, metrics={"accuracy": Value(value=value)})
        for created, value in values.items()
    ]
    for order in (found, found[::-1]):
        row = row_of(*order)
        assert [own.created for own in row.records] == ["2021-01-01T00:00:00Z"]
        assert row.metrics["accuracy"].value == 0.2


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        ({"cell": {"fit_translator_on": "buaa"}}, ["translator fitted on buaa"]),
        ({"data": {"unlabelled_target": True}}, ["unlabelled target"]),
        ({"data": {"incomplete": True}}, ["incomplete data"]),
        ({"data": {"subjects": "unchecked"}}, ["subjects unchecked"]),
        ({"recognizer": {"drawn_faces": True}}, ["backbone trained on drawn faces"]),
        (
            {"confusion": [[0, 5, 0], [0, 5, 0], [0, 5, 0]]},
            ["one class predicted for all items of each fold"],
        ),
        (
            {"facts": {"fit_recognizer": {"attention_entropy_x": 0.25, "attention_entropy": 0.5}}},
            ["entropy of its attention 0.250 to 0.500 of a uniform one"],
        ),
    ],
)
def test_what_a_reader_must_know_of_a_row_is_marked(
    changes: dict[str, Any], marks: list[str]
) -> None:
    assert row_of(record(folds=1, **changes)).marks == marks


def test_one_fold_is_enough_to_mark_a_row_but_not_to_say_that_one_class_was_predicted() -> None:
    one = record(1, data={"incomplete": True}, confusion=[[0, 5, 0], [0, 5, 0], [0, 5, 0]])
    assert row_of(one, record(2)).marks == ["incomplete data"]


def test_images_without_a_recognizer_have_no_subjects_to_check() -> None:
    found = change(record(folds=1, data={"subjects": "unchecked"}), recognizer=None)
    assert row_of(found).marks == []


@pytest.mark.parametrize(
    "other", [{"cell": {"precision": "bf16"}}, {"recognizer": {"version": "9"}}]
)
def test_rows_of_one_name_say_in_what_they_differ(other: dict[str, Any]) -> None:
    rows = list(make_rows([record(folds=1), record(folds=1, **other)]))
    assert len(rows) == 2
    (changed,) = [{**own} for own in other.values()]
    ((name, value),) = changed.items()
    assert all(len(row.marks) == 1 and f"{name} " in row.marks[0] for row in rows)
    assert sum(f'"{value}"' in row.marks[0] for row in rows) == 1


def test_a_value_is_the_mean_of_its_cells_without_their_intervals() -> None:
    def measured(fold: int, value: float | None, reason: str = "") -> Record:
        own = Value(value=value, low=0.1, high=0.9, unit="dB", direction="lower", reason=reason)
        return record(fold, metrics={"psnr": own})

    alone = row_of(change(measured(1, 0.4), cell=record(folds=1).cell)).metrics["psnr"]
    assert (alone.value, alone.low, alone.high) == (0.4, 0.1, 0.9)
    both = row_of(measured(1, 0.4), measured(2, 0.8)).metrics["psnr"]
    assert both.value == pytest.approx(0.6)
    assert (both.low, both.unit, both.direction) == (None, "dB", "lower")
    lacking = row_of(measured(1, 0.4), measured(2, None, "no weights")).metrics["psnr"]
    assert (lacking.value, lacking.reason, lacking.unit) == (None, "no weights", "dB")
