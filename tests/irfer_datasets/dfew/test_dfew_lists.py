"""DFEW's fold lists in every spelling and numbering, and the folds they make."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from irfer_bench.data.manifest import BLOCKING, INCOMPLETE
from irfer_datasets.dfew.dataset import Dfew
from irfer_datasets.params import DfewParams
from tests.irfer_datasets.dfew.findings import EXPECTED, TEST_1, facts, kinds
from tests.irfer_datasets.dfew_tree import CLIPS, write_lists

SPELLINGS = (
    "EmoLabel_DataSplit/{side}(single-labeled)/set_{fold}.csv",
    "EmoLabel_DataSplit/{side}(single-labeled)/{side}_set_{fold}.csv",
    "EmoLabel_DataSplit/{side}_set_{fold}.csv",
    "label/single_{side}set_{fold}.csv",
)


@pytest.mark.parametrize("first", [1, 0])
@pytest.mark.parametrize("name", SPELLINGS)
def test_lists_in_every_spelling_and_numbering_say_the_same(
    whole: Path, tmp_path: Path, name: str, first: int
) -> None:
    shutil.copytree(whole / "Clip/clip_224x224", tmp_path / "a/Clip/clip_224x224")
    write_lists(tmp_path / "a", name=name, first=first, padded=first == 1)
    assert facts(tmp_path) == EXPECTED and kinds(tmp_path) == []


@pytest.mark.parametrize(("end", "encoding"), [("\r\n", "utf-8-sig"), ("\r", "utf-16")])
def test_lists_saved_by_other_programs_are_read(tree: Path, end: str, encoding: str) -> None:
    write_lists(tree, end=end, encoding=encoding)
    assert facts(tree) == EXPECTED
    assert {kind for kind, _ in kinds(tree)} == ({"encoding"} if encoding == "utf-16" else set())


def test_labels_that_fit_both_numberings_are_refused_until_one_is_said(tree: Path) -> None:
    clips = {clip: label for clip, label in CLIPS.items() if label not in ("fear", "happiness")}
    shutil.rmtree(tree / "EmoLabel_DataSplit")
    write_lists(tree, clips, name="EmoLabel_DataSplit/{side}_set_{fold}.csv")
    (problem,) = [p for p in Dfew().problems(tree) if p.kind in BLOCKING]
    assert problem.kind == "unknown_label" and "labels 2 to 6" in problem.action
    assert {label for label, _ in facts(tree).values()} == {None}
    one = facts(tree, Dfew(DfewParams(numbering="one")))
    assert one == {name: fact for name, fact in EXPECTED.items() if int(name[5:]) in clips}
    zero = facts(tree, Dfew(DfewParams(numbering="zero")))
    assert zero["dfew_00001"][0] == "neutral", "2 is sadness to the distributor"


def test_a_small_copy_of_the_owners_lists_counts_from_one(tree: Path) -> None:
    clips = {clip: label for clip, label in CLIPS.items() if label not in ("fear", "happiness")}
    write_lists(tree, clips)
    assert facts(tree) == {name: f for name, f in EXPECTED.items() if int(name[5:]) in clips}
    assert ("numbering", TEST_1) in kinds(tree)


def test_without_lists_clips_are_unlabelled_and_the_sheet_of_votes_is_not_read(tree: Path) -> None:
    shutil.rmtree(tree / "EmoLabel_DataSplit")
    (tree / "Annotation").mkdir()
    (tree / "Annotation/annotation.xlsx").write_bytes(b"PK")
    assert set(facts(tree).values()) == {(None, "")} and len(facts(tree)) == len(CLIPS)
    found = kinds(tree)
    assert sum(kind == "missing_list" for kind, _ in found) == 10
    assert ("unexpected_file", "Annotation/annotation.xlsx") in found


def test_without_a_test_list_its_clips_train_and_the_fold_is_empty(tree: Path) -> None:
    (tree / TEST_1).unlink()
    dataset = Dfew()
    items = list(dataset.index(tree))
    assert len(items) == len(CLIPS)
    folds = dataset.folds(items)
    assert [len(fold) for fold in folds] == [0, 3, 3, 3, 3]
    assert kinds(tree, dataset) == [("missing_list", TEST_1)]


def test_folds_are_the_owners_test_lists_and_part_the_clips(whole: Path) -> None:
    items = list(Dfew().index(whole))
    folds = Dfew().folds(items)
    assert folds[0] == {"dfew_00001", "dfew_00002", "dfew_00003"}
    assert sorted(name for fold in folds for name in fold) == sorted(EXPECTED)
    assert Dfew().folds(items[:4])[1:3] == [{"dfew_00005"}, frozenset()]


def test_a_list_that_is_not_the_published_one_is_counted(whole: Path) -> None:
    counts = [p for p in Dfew().problems(whole) if p.kind == "unexpected_count"]
    assert len(counts) == 10 and {p.kind for p in counts} <= INCOMPLETE
    assert counts[0].path == TEST_1
    assert counts[0].action.startswith("3 rows, 2341 are published")
