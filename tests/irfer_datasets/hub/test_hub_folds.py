"""Splits of a Hugging Face dataset, and the folds that follow from them, from subjects or rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_datasets.hub.forms import split_of
from tests.irfer_datasets.hub.reading import hub, index, row
from tests.irfer_datasets.hub_tree import face_rows, write_parquet


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00001.parquet", "train"), ("test.parquet", "test"),
        ("validation/x.parquet", "val"), ("set_3-0.parquet", "set_3"), ("Training", "train"),
        ("contest/latest.parquet", ""), ("rows", ""), ("test/part-0.parquet", "test"),
        ("train/set3_x.parquet", "set_3"),
    ],
)
def test_splits_by_whole_words(name: str, split: str) -> None:
    assert split_of(name) == split


def test_splits_of_files_make_the_fold_and_a_single_one_says_nothing(tmp_path: Path) -> None:
    rows = face_rows(range(6), ("anger", "fear"), ("vis",))
    write_parquet(tmp_path, rows[:8], split="train")
    assert {item.split for item in index(tmp_path)} == {""}
    assert len(hub().folds(index(tmp_path))) == 4
    write_parquet(tmp_path, rows[8:], split="test")
    items = index(tmp_path)
    assert hub().folds(items) == [{"p4", "p5"}]
    assert {item.split for item in items} == {"train", "test"}


def test_folds_by_sets_by_subjects_and_by_rows(tmp_path: Path) -> None:
    rows = [row("fear", k, split=f"set_{k % 3 + 1}") for k in range(6)]
    items = index(write_parquet(tmp_path / "sets", rows))
    assert [len(fold) for fold in hub().folds(items)] == [2, 2, 2]
    people = face_rows(range(7), ("anger",))
    items = index(write_parquet(tmp_path / "people", people))
    assert hub().folds(items)[0] == {"p0", "p5"} and len(hub().folds(items)) == 5
    pairs = [one | {"subject": None} for one in people]
    items = index(write_parquet(tmp_path / "pairs", pairs))
    fold_of = {name: k for k, fold in enumerate(hub().folds(items)) for name in fold}
    assert len(fold_of) == 14 == len(items)
    for item in items:
        assert len({fold_of[i.id] for i in items if i.pair == item.pair}) == 1
