"""Everything that can be wrong with a copy of DFEW."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_datasets.dfew.dataset import Dfew
from tests.irfer_datasets.dfew.findings import CROPS, TEST_1, TRAIN_1, append, facts, kinds
from tests.irfer_datasets.dfew_tree import CLIPS


def remove(name: str) -> Callable[[Path], object]:
    return lambda root: (
        shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()
    )


def rename(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: (root / old).rename(root / new)


@pytest.mark.parametrize(
    ("damage", "problem", "lost"),
    [
        (remove(f"{CROPS}/00002"), ("missing_item", f"{CROPS}/00002"), 1),
        (append(TEST_1, "00004,1\n"), ("missing_item", f"{CROPS}/00004"), 0),
        (append(TEST_1, "00001,2\n"), ("duplicate_row", TEST_1), 0),
        (append(TEST_1, "00001,3\n"), ("duplicate_id", TEST_1), 0),
        (append(TEST_1, "00005,4\n"), ("duplicate_id", TEST_1.replace("1.csv", "2.csv")), 0),
        (append(TEST_1, "00004,8\n"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "00004,-1\n"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "00004,bored\n"), ("unknown_label", TEST_1), 0),
        (append(TEST_1, "clip,1\n"), ("bad_row", TEST_1), 0),
        (append(TEST_1, "00004\n"), ("bad_row", TEST_1), 0),
        (append(TRAIN_1, "00001,2\n"), ("fold_mismatch", TRAIN_1), 0),
        (lambda r: (r / TRAIN_1).write_text("video_name,label\n"), ("fold_mismatch", TRAIN_1), 0),
        (lambda r: (r / TRAIN_1).write_bytes(b""), ("bad_row", TRAIN_1), 0),
        (lambda r: (r / TRAIN_1).write_text("name,class\n"), ("bad_row", TRAIN_1), 0),
        (remove(TRAIN_1), ("missing_list", TRAIN_1), 0),
        (remove(TEST_1), ("missing_list", TEST_1), 0),
        (remove(f"{CROPS}/00001/00001_00002.jpg"), ("frame_numbering", f"{CROPS}/00001"), 0),
        (rename("Clip", "clip"), ("mis_cased", "clip"), 0),
        (rename(CROPS, "Clip/Clip_224X224"), ("mis_cased", "Clip/Clip_224X224"), 0),
        (
            lambda r: shutil.copytree(r / CROPS / "00001", r / CROPS / "00004"),
            ("unlabelled_file", CROPS),
            0,
        ),
        (
            lambda r: (r / CROPS / "00001/notes.txt").touch(),
            ("unexpected_file", f"{CROPS}/00001/notes.txt"),
            0,
        ),
        (
            lambda r: shutil.copy(
                r / CROPS / "00001/00001_00001.jpg", r / CROPS / "00001/00001_00001.png"
            ),
            ("duplicate_frame", f"{CROPS}/00001/00001_00001.png"),
            0,
        ),
        (lambda r: (r / "DFEW-part2.zip").touch(), ("packed", "DFEW-part2.zip"), 0),
    ],
)  # fmt: skip
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tree: Path, damage: Callable[[Path], object], problem: tuple[str, str], lost: int
) -> None:
    damage(tree)
    assert problem in kinds(tree)
    assert {kind for kind, _ in kinds(tree)} <= {problem[0], "fold_mismatch", "missing_item"}
    assert len(facts(tree)) == len(CLIPS) - lost


def test_thousands_of_missing_clips_make_a_short_list(tree: Path) -> None:
    more = dict.fromkeys(range(20, 320), "anger")
    rows = "".join(f"{clip},4\n" for clip in more)
    append(TEST_1, rows)(tree)
    missing = [p for p in Dfew().problems(tree) if p.kind == "missing_item"]
    assert len(missing) == 21 and missing[-1].action == "and 280 more of this kind"


def test_links_are_followed_wherever_they_point(tree: Path, tmp_path: Path) -> None:
    """Copies live on another disk: a frame, a film, a list, a clip, all clips are links."""
    before = [(item.id, item.files, item.audio) for item in Dfew().index(tree)]
    for name in (f"{CROPS}/00001/00001_00001.jpg", "Clip/original/1.mp4", TEST_1):
        (tree / name).rename(tmp_path / Path(name).name)
        (tree / name).symlink_to(tmp_path / Path(name).name)
    for name in (f"{CROPS}/00002", CROPS):
        (tree / name).rename(tmp_path / Path(name).name)
        (tree / name).symlink_to(tmp_path / Path(name).name)
    assert kinds(tree) == []
    assert [(item.id, item.files, item.audio) for item in Dfew().index(tree)] == before
    assert Dfew().read(tree, next(iter(Dfew().index(tree)))).frames.shape[0] == 5


def test_a_link_loop_and_a_link_to_nothing_are_one_line_each(tree: Path, tmp_path: Path) -> None:
    (tree / "Clip/again").symlink_to(tree)
    (tree / "Clip/mine").symlink_to("mine")
    (tree / CROPS / "00001").rename(tmp_path / "away")
    (tree / CROPS / "00001").symlink_to(tmp_path / "gone")
    shutil.copytree(tree / CROPS / "00002", tree / CROPS / "2")
    assert sorted(kinds(tree)) == [
        ("duplicate_file", f"{CROPS}/2"),
        ("link_loop", "Clip/again"),
        ("link_loop", "Clip/mine"),
        ("missing_item", f"{CROPS}/00001"),
        ("unreadable", f"{CROPS}/00001"),
    ]


def test_a_closed_door_is_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "00001":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert kinds(tree) == [("unreadable", f"{CROPS}/00001"), ("missing_item", f"{CROPS}/00001")]
