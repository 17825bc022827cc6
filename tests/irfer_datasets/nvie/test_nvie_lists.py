"""List files that choose NVIE's images, as a published protocol hands them out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from irfer_bench.api import MissingError, UsageError
from irfer_bench.contracts.params import resolve
from irfer_bench.data.scanning import scan
from irfer_bench.data.subsets import belongs
from irfer_datasets.nvie.dataset import Nvie
from irfer_datasets.nvie.params import NvieParams
from tests.irfer_datasets.nvie.findings import told
from tests.irfer_datasets.nvie_tree import SPONTANEOUS, face, spontaneous_tree

DIGITS = "anger,disgust,fear,happiness,sadness,surprise"


def write_lists(root: Path, lines: Mapping[str, list[str]]) -> Path:
    """The three lists in the spontaneous part."""
    for name, own in lines.items():
        (root / SPONTANEOUS / f"{name}.txt").write_text("\n".join(own), encoding="utf-8")
    return root


def listed(root: Path, digits: str = DIGITS) -> Nvie:
    """The dataset as `-p nvie.lists=pdf -p nvie.digits=...` makes it."""
    return Nvie(NvieParams(lists="pdf", digits=digits))


LINES = {
    "source": [
        f"{SPONTANEOUS}/front/001/visible/1/1.bmp 3",
        f"{SPONTANEOUS}\\front\\002\\visible\\2\\1.bmp 1",
    ],
    "target_train": ["SpontaneousDatabase/front/001/infrared/1/1.bmp 3"],
    "target_test": [
        "USTC_NVIE/SpontaneousDatabase/front/002/infrared/apex/2_0002.bmp 1",
        "front/002/infrared/1/2.BMP 3",
    ],
}


def test_list_files_choose_the_images(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path / "NVIE", (1, 2))
    write_lists(tmp_path / "NVIE", LINES)
    dataset = listed(tmp_path)
    found = list(dataset.index(tmp_path))
    facts = [(i.part, i.split, i.spectrum, i.subject, i.label) for i in found]
    assert facts == [
        ("list_source", "", "vis", "001", "happiness"),
        ("list_source", "", "vis", "002", "disgust"),
        ("list_target", "train", "lwir", "001", "happiness"),
        ("list_target", "test", "lwir", "002", "disgust"),
        ("list_target", "test", "lwir", "002", "happiness"),
    ]
    assert told(tmp_path, dataset) == []
    assert found[3].files[0].endswith("apex/2_0002.BMP"), "found in another case"
    (fold,) = dataset.folds(found)
    trained = [i for i in found if not belongs(fold, i.subject, i.id)]
    assert {i.subject for i in trained} == {"001"}, "visible images of tested people are not used"


def test_a_path_with_a_space_is_a_path(tmp_path: Path) -> None:
    face(tmp_path / SPONTANEOUS / "AAM Points/infrared/1.bmp", 1, "fear", "infrared")
    write_lists(tmp_path, {"target_test": [f"{SPONTANEOUS}/AAM Points/infrared/1.bmp 2"]})
    dataset = listed(tmp_path)
    (item,) = dataset.index(tmp_path)
    assert (item.label, item.subject) == ("fear", None)
    assert dataset.folds([item]) == [{item.id}]
    assert [p.kind for p in told(tmp_path, dataset)] == ["missing_list", "missing_list"]


@pytest.mark.parametrize(
    ("name", "line", "kind"),
    [
        ("target_test", "front/001/infrared/9/1.bmp 1", "missing_item"),
        ("target_test", "front/001/infrared/1/1.bmp 6", "unknown_label"),
        ("target_test", "front/001/infrared/1/1.bmp", "bad_row"),
        ("target_test", "front/001/visible/1/1.bmp 1", "bad_row"),
        ("source", "front/001/infrared/1/1.bmp 1", "bad_row"),
        ("target_test", "../x/1.bmp 1", "outside_root"),
        ("target_test", "front/002/infrared/1/2.bmp 3", "duplicate_row"),
        ("target_test", "front/002/infrared/1/2.bmp 0", "duplicate_id"),
        ("target_train", "front/002/infrared/1/2.bmp 3", "subject_overlap"),
    ],
)
def test_odd_lines_of_a_list(tmp_path: Path, name: str, line: str, kind: str) -> None:
    spontaneous_tree(tmp_path, (1, 2))
    write_lists(tmp_path, {**LINES, name: [*LINES[name], line]})
    assert [p.kind for p in told(tmp_path, listed(tmp_path))] == [kind]


def test_a_subject_in_both_target_lists_is_an_overlap(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1, 2))
    more = [*LINES["target_train"], "front/002/infrared/4/1.bmp 0"]
    write_lists(tmp_path, {**LINES, "target_train": more})
    manifest = scan(listed(tmp_path), tmp_path)
    assert [p.path for p in manifest.problems if p.kind == "subject_overlap"] == ["002"]


@pytest.mark.parametrize("digits", ["", "anger,fear", "anger,anger,fear,happiness,sadness,bored"])
def test_what_the_digits_mean_must_be_said(digits: str) -> None:
    with pytest.raises(UsageError, match="what digits 0 to 5 mean"):
        resolve(NvieParams, component="nvie", given={"lists": "pdf", "digits": digits})
    given = {"lists": "pdf", "digits": "Happy, disgust,fear,surprised,angry,sad"}
    made = resolve(NvieParams, component="nvie", given=given)
    assert made.names[:2] == ("happiness", "disgust")


def test_lists_that_are_not_there_are_asked_for(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1,))
    with pytest.raises(MissingError, match=r"source\.txt, target_train\.txt"):
        list(listed(tmp_path).index(tmp_path))
