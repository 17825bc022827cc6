"""Everything that can be wrong with a copy of CK+, and folders that are not one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import MissingError
from irfer_datasets.ck_plus.dataset import CkPlus
from tests.irfer_datasets.ck_plus.findings import FIRST, LABELLED, kinds, sequences
from tests.irfer_datasets.ck_plus_tree import ck_plus_tree
from tests.irfer_datasets.trees import image


def _emotion(text: str) -> Callable[[Path], object]:
    place = "Emotion/S005/001/S005_001_00000004_emotion.txt"
    return lambda root: (root / place).write_text(text)


def _unlink(name: str) -> Callable[[Path], object]:
    return lambda root: (root / name).unlink()


def _copy(old: str, new: str) -> Callable[[Path], object]:
    return lambda root: shutil.copy(root / old, root / new)


def _link_out(root: Path) -> None:
    place = root / "cohn-kanade-images/S005/001"
    place.rename(root.parent / "elsewhere")
    place.symlink_to(root.parent / "elsewhere")


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (_emotion("   1.0000000e+00\r\n"), [], set()),
        (_emotion("\ufeff1"), [], set()),
        (_emotion(""), ["bad_row"], {"ck_s005_001"}),
        (_emotion("angry"), ["bad_row"], {"ck_s005_001"}),
        (_emotion("1 2"), ["bad_row"], {"ck_s005_001"}),
        (_emotion("nan"), ["unknown_label"], {"ck_s005_001"}),
        (_emotion("8.0000000e+00"), ["unknown_label"], {"ck_s005_001"}),
        (_emotion("1.5"), ["unknown_label"], {"ck_s005_001"}),
        (_unlink(f"{FIRST}2.png"), ["frame_gap"], set()),
        (_unlink(f"{FIRST}4.png"), ["frame_gap"], set()),
        (_unlink(f"{FIRST}1.png"), ["frame_gap"], set()),
        (_copy(f"{FIRST}4.png", f"{FIRST}4.jpg"), ["duplicate_frame"], set()),
        (_copy(f"{FIRST}4.png", f"{FIRST}4.txt"), ["unexpected_file"], set()),
        (
            _copy(f"{FIRST}4.png", "cohn-kanade-images/S005/002/S005_001_00000004.png"),
            ["duplicate_frame"],
            set(),
        ),
        (
            lambda r: (r / "cohn-kanade-images/S005/001/.DS_Store").write_bytes(b"x"),
            [],
            set(),
        ),
        (
            lambda r: shutil.rmtree(r / "cohn-kanade-images/S005/001"),
            ["missing_item"],
            {"ck_s005_001"},
        ),
        (lambda r: (r / "Emotion/S005").rename(r / "Emotion/s005"), ["mis_cased"], set()),
        (_link_out, [], set()),
        (lambda r: (r / "FACS_labels.zip").touch(), ["packed"], set()),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: set[str]
) -> None:
    root = ck_plus_tree(tmp_path / "data")
    every = sequences(root).keys()
    damage(root)
    assert kinds(root) == expected
    gone = lost | {f"{name}_neutral" for name in lost}
    assert every - sequences(root).keys() == gone


def test_a_second_copy_is_named_and_not_mixed_in(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path)
    ck_plus_tree(tmp_path / "copy", emotion="Emotion_labels")
    assert len(sequences(tmp_path)) == 2 * len(LABELLED)
    second = [p.path for p in CkPlus().problems(tmp_path) if p.kind == "second_tree"]
    assert second == ["copy/cohn-kanade-images", "copy/Emotion_labels"]


def test_frames_without_labels_and_labels_without_frames(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path)
    (tmp_path / "Emotion").rename(tmp_path.parent / f"{tmp_path.name}_emotion")
    assert sequences(tmp_path) == {} and kinds(tmp_path) == ["missing_list"]
    alone = CkPlus().identify(tmp_path)
    assert alone.confidence < 0.5 and "give the folder that holds Emotion too" in alone.reason
    only = tmp_path.parent / f"{tmp_path.name}_only"
    only.mkdir()
    (tmp_path.parent / f"{tmp_path.name}_emotion").rename(only / "Emotion")
    (only / "extended-cohn-kanade-images.zip").touch()
    seen = CkPlus().identify(only)
    assert seen.confidence < 0.5
    assert "extended-cohn-kanade-images.zip: unpack it first" in seen.reason


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path / "data")
    inner = CkPlus().identify(tmp_path / "data/cohn-kanade-images/S005")
    assert inner.confidence == 0.0 and "give the folder two above it" in inner.reason
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/Emotion_labels.zip").touch()
    with pytest.raises(MissingError, match=r"Emotion_labels\.zip: unpack it first"):
        list(CkPlus().index(tmp_path / "packed"))


def test_what_others_made_of_it_is_named(tmp_path: Path) -> None:
    for label in ("anger", "contempt"):
        image(tmp_path / f"CK+48/{label}/S010_004_00000017.png")
    for root in (tmp_path, tmp_path / "CK+48"):
        seen = CkPlus().identify(root)
        assert seen.confidence == 0.0 and "CK+48" in seen.reason
    root = ck_plus_tree(tmp_path / "data")
    for name in ("cohn-kanade-images", "Emotion"):
        (root / name).rename(tmp_path / name)
        (root / name).symlink_to(tmp_path / name)
    assert CkPlus().identify(root).confidence > 0.9 and len(sequences(root)) > 0
