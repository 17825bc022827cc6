"""DFEW's annotation sheet beside, or instead of, the fold lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from irfer_datasets.dfew.dataset import Dfew
from tests.irfer_datasets.dfew.findings import EXPECTED, facts, kinds
from tests.irfer_datasets.dfew_tree import CLIPS


def write_sheet(tree: Path, rows: list[list[object]]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    (tree / "Annotation").mkdir()
    book.save(tree / "Annotation/annotation.xlsx")


VOTES = ["1happy", "2sad", "3neutral", "4angry", "5surprise", "6disgust", "7fear"]


@pytest.mark.parametrize(
    "rows",
    [
        [["order", *VOTES, "annotation"], [1, 0, 9, 1, 0, 0, 0, 0, 2], [2, 8, 1, 1, 0, 0, 0, 0, 1]],
        [[*VOTES, "clip_name"], [0, 9, 1, 0, 0, 0, 0, "00001"], [8, 1, 1, 0, 0, 0, 0, "00002"]],
    ],
)
def test_labels_are_held_against_the_annotation_sheet(tree: Path, rows: list[list[object]]) -> None:
    write_sheet(tree, rows)
    (problem,) = [p for p in Dfew().problems(tree) if p.kind == "label_mismatch"]
    assert problem.path == "Annotation/annotation.xlsx"
    assert "00002 is happiness here and neutral in the fold lists" in problem.action
    assert facts(tree) == EXPECTED, "the lists are used"


def test_without_lists_the_sheet_gives_labels_and_nothing_is_tested(tree: Path) -> None:
    shutil.rmtree(tree / "EmoLabel_DataSplit")
    unlabelled = facts(tree)
    assert set(unlabelled.values()) == {(None, "")} and len(unlabelled) == len(CLIPS)
    assert sum(kind == "missing_list" for kind, _ in kinds(tree)) == 10
    write_sheet(tree, [["clip_name", "annotation"], [1, 2], [2, 0]])
    assert facts(tree) == {"dfew_00001": ("sadness", "")}


def test_without_openpyxl_the_sheet_is_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "Annotation").mkdir()
    (tree / "Annotation/annotation.xlsx").write_bytes(b"PK")
    monkeypatch.setattr("irfer_bench.data.trees.annotations.find_spec", lambda name: None)
    assert kinds(tree) == [("unread_sheet", "Annotation/annotation.xlsx")]
