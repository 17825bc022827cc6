"""Published counts: equal, smaller, and equal in number only."""

from __future__ import annotations

import hashlib

import pytest

from irfer_bench.api import compare_count, compare_labels, compare_list, label_digest
from irfer_bench.data.manifest import INCOMPLETE
from irfer_datasets.expected import published

ROWS = [("00002", "anger"), ("00001", "fear")]


def test_a_digest_is_of_the_sorted_rows() -> None:
    text = b"00001,fear\n00002,anger\n"
    assert label_digest(ROWS) == label_digest(ROWS[::-1]) == hashlib.sha256(text).hexdigest()[:16]


def test_a_list_is_compared_by_number_then_by_class_then_row_by_row() -> None:
    known = {"n": 2, "per_label": {"anger": 1, "fear": 1}, "digest": label_digest(ROWS)}
    assert compare_list("a.csv", ROWS, known) == []
    for rows, said in (
        (ROWS[:1], "1 rows, 2 are published"),
        ([("00001", "anger"), ("00002", "anger")], "anger 2 (published: 1), fear 0 (published: 1)"),
        ([("00001", "anger"), ("00002", "fear")], f"published {label_digest(ROWS)}"),
        ([("00003", "anger"), ("00001", "fear")], "other ids or labels"),
    ):
        (problem,) = compare_list("a.csv", rows, known)
        assert (problem.kind, problem.path) == ("unexpected_count", "a.csv")
        assert said in problem.action and problem.kind in INCOMPLETE
    del known["per_label"]
    assert compare_list("a.csv", ROWS, known) == []


def test_counts_say_both_numbers() -> None:
    assert compare_count(".", "images", 3, 3) == []
    assert "3 images, 4 are published" in compare_count(".", "images", 3, 4)[0].action
    (problem,) = compare_labels(".", "test", ["anger", "rage"], {"anger": 1})
    assert "test: rage 1 (published: 0)" in problem.action


@pytest.mark.parametrize(
    ("dataset", "name", "total"),
    [("dfew", "folds", 11697), ("mafw", "single", 9172), ("mafw", "compound", 8996)],
)
def test_the_published_folds_part_the_clips(dataset: str, name: str, total: int) -> None:
    folds = published(dataset)[name]
    assert sum(folds[k]["test"]["n"] for k in "12345") == total
    assert {folds[k]["train"]["n"] + folds[k]["test"]["n"] for k in "12345"} == {total}
    for side in (side for k in "12345" for side in folds[k].values()):
        assert sum(side.get("per_label", {"": side["n"]}).values()) == side["n"]


def test_nothing_is_known_of_a_stranger() -> None:
    assert published("nobodys") == {}
