"""Everything that can be wrong with a copy of RAF-DB, in either form."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import DamagedError
from irfer_bench.data.scanning import scan
from irfer_datasets.raf_db.dataset import RafDb
from tests.irfer_datasets.raf_db.findings import kinds, labels
from tests.irfer_datasets.raf_db_tree import ROWS, kaggle_tree, owner_tree


def _list(change: Callable[[str], str], encoding: str = "utf-8") -> Callable[[Path], object]:
    def damage(root: Path) -> None:
        place = root / "EmoLabel/list_patition_label.txt"
        place.write_bytes(change(place.read_text()).encode(encoding))

    return damage


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (_list(lambda t: t.replace("\n", "\r\n")), [], set()),
        (_list(lambda t: t, "utf-8-sig"), [], set()),
        (_list(lambda t: t.rstrip("\n")), [], set()),
        (_list(lambda t: "名字 标签\n" + t, "gb18030"), ["encoding"], set()),
        (_list(lambda t: t.replace(" ", "\t")), [], set()),
        (_list(lambda t: t + "train_00001.jpg 1\n"), [], set()),
        (_list(lambda t: t + "train_00001.jpg 4\n"), ["duplicate_id"], set()),
        (
            _list(lambda t: t.replace("train_00002.jpg 2", "train_00002.jpg 8")),
            ["unknown_label", "unlabelled_file"],
            {"raf_train_00002"},
        ),
        (
            _list(lambda t: t.replace("train_00002.jpg 2", "train_00002.jpg 0")),
            ["unknown_label", "unlabelled_file"],
            {"raf_train_00002"},
        ),
        (
            _list(lambda t: t.replace("test_0003.jpg 3\n", "")),
            ["unlabelled_file"],
            {"raf_test_0003"},
        ),
        (_list(lambda t: t + "holiday.jpg 3\n"), ["bad_row"], set()),
        (_list(lambda t: t + "test_0099.jpg 3\n"), ["missing_item"], set()),
        (
            lambda r: (r / "Image/aligned/test_0003_aligned.jpg").unlink(),
            ["missing_item"],
            {"raf_test_0003"},
        ),
        (lambda r: (r / "Image/aligned/me.jpg").touch(), ["unexpected_file"], set()),
        (lambda r: (r / "Image/aligned/Thumbs.db").touch(), [], set()),
        (lambda r: (r / "Image/aligned/train_00001.jpg").touch(), ["duplicate_file"], set()),
        (
            lambda r: (r / "Image/aligned/test_0003_aligned.jpg").rename(
                r / "Image/aligned/test_0003_aligned.JPG"
            ),
            [],
            set(),
        ),
        (lambda r: (r / "Image/original.zip").touch(), ["packed"], set()),
        (lambda r: (r / "Image").rename(r / "image"), ["mis_cased"], set()),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: set[str]
) -> None:
    owner_tree(tmp_path)
    damage(tmp_path)
    assert kinds(tmp_path) == expected
    assert {f"raf_{name}" for name in ROWS} - labels(tmp_path).keys() == lost


def test_images_without_the_list_are_recognised_but_have_no_labels(tmp_path: Path) -> None:
    owner_tree(tmp_path)
    (tmp_path / "EmoLabel/list_patition_label.txt").unlink()
    assert labels(tmp_path) == {} and kinds(tmp_path) == ["missing_list"]
    assert "no EmoLabel/list_patition_label.txt" in RafDb().identify(tmp_path).reason


def test_of_two_spellings_the_owners_is_read(tmp_path: Path) -> None:
    owner_tree(tmp_path)
    (tmp_path / "Image/aligned/train_00001.jpg").touch()
    item = next(item for item in RafDb().index(tmp_path) if item.id == "raf_train_00001")
    assert item.files == ("Image/aligned/train_00001_aligned.jpg",)


def _move(old: str, new: str) -> Callable[[Path], object]:
    def damage(root: Path) -> None:
        (root / new).parent.mkdir(parents=True, exist_ok=True)
        (root / old).rename(root / new)

    return damage


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (
            _move("train/1/train_00001_aligned.jpg", "train/4/train_00001_aligned.jpg"),
            ["duplicate_id"],
            {"raf_train_00001"},
        ),
        (
            lambda r: os.link(
                r / "train/1/train_00001_aligned.jpg", r / "train/4/train_00001_aligned.jpg"
            ),
            ["duplicate_file"],
            set(),
        ),
        (
            _move("train/1/train_00001_aligned.jpg", "test/1/train_00001_aligned.jpg"),
            ["missing_item", "unlabelled_file"],
            set(),
        ),
        (
            _move("train/1/train_00001_aligned.jpg", "train/8/train_00001_aligned.jpg"),
            ["unknown_label", "missing_item"],
            {"raf_train_00001"},
        ),
        (lambda r: (r / "test_labels.csv").unlink(), ["unchecked_label"], set()),
        (_move("test_labels.csv", "test/test_labels.csv"), [], set()),
        (
            lambda r: (r / "train/2/train_00002_aligned.jpg").unlink(),
            ["missing_item"],
            {"raf_train_00002"},
        ),
        (
            lambda r: (r / "test_labels.csv").write_text("image,label\n"),
            ["unlabelled_file"] * 7,
            set(),
        ),
    ],
)
def test_folder_and_table_must_agree(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: set[str]
) -> None:
    kaggle_tree(tmp_path)
    damage(tmp_path)
    assert kinds(tmp_path) == expected
    assert {f"raf_{name}" for name in ROWS} - labels(tmp_path).keys() == lost


def test_a_missing_half_is_named(tmp_path: Path) -> None:
    kaggle_tree(tmp_path, {name: code for name, code in ROWS.items() if name < "train"})
    (tmp_path / "train_labels.csv").unlink()
    assert len(labels(tmp_path)) == 7 and kinds(tmp_path) == ["missing_list"]


def test_a_disagreement_stops_a_run_and_a_small_tree_only_marks_it(tmp_path: Path) -> None:
    kaggle_tree(tmp_path)
    manifest = scan(RafDb(), tmp_path)
    assert manifest.incomplete
    manifest.require()
    place = tmp_path / "train/4/train_00001_aligned.jpg"
    (tmp_path / "train/1/train_00001_aligned.jpg").rename(place)
    problem = next(p for p in RafDb().problems(tmp_path) if p.kind == "duplicate_id")
    assert problem.path == "train/4/train_00001_aligned.jpg"
    assert "folder says 4 happiness, train_labels.csv says 1 surprise" in problem.action
    with pytest.raises(DamagedError, match="duplicate id"):
        scan(RafDb(), tmp_path).require()


def test_links_are_followed_wherever_they_point(tmp_path: Path) -> None:
    owner, kaggle = owner_tree(tmp_path / "owner"), kaggle_tree(tmp_path / "kaggle")
    for place in (
        owner / "Image/aligned/test_0003_aligned.jpg",
        owner / "Image/aligned",
        owner / "EmoLabel/list_patition_label.txt",
        kaggle / "test",
    ):
        place.rename(tmp_path / place.name)
        place.symlink_to(tmp_path / place.name)
    for root in (owner, kaggle):
        assert kinds(root) == [] and len(labels(root)) == len(ROWS)


def test_a_binary_list_is_damaged(tmp_path: Path) -> None:
    owner_tree(tmp_path)
    (tmp_path / "EmoLabel/list_patition_label.txt").write_bytes(b"\x00\x01\x02\xff" * 40)
    with pytest.raises(DamagedError, match="neither UTF-8"):
        list(RafDb().index(tmp_path))
    assert "neither UTF-8" in RafDb().identify(tmp_path).reason
