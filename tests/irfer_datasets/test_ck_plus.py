"""CK+ in the layouts that circulate, and everything that can be wrong with one."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import DamagedError, Item, MissingError
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING, INCOMPLETE, scan
from irfer_bench.registry import load
from irfer_datasets.ck_plus.dataset import CkPlus, published_folds
from irfer_datasets.ck_plus.sequences import Sequences, count
from tests.irfer_datasets.ck_plus_tree import SEQUENCES, ck_plus_tree
from tests.irfer_datasets.trees import picture

CODES = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
"""The owners' 0 to 7."""
LABELLED = {session: code for session, code in SEQUENCES.items() if code is not None}


def kinds(root: Path) -> list[str]:
    """Kinds of all problems that are not about the tree being small or partly unlabelled."""
    small = {"unexpected_count", "left_out"}
    return [p.kind for p in CkPlus().problems(root) if p.kind not in small]


def sequences(root: Path) -> dict[str, Item]:
    """Items by id."""
    return {item.id: item for item in CkPlus().index(root)}


@pytest.mark.parametrize(
    ("images", "emotion"),
    [
        ("cohn-kanade-images", "Emotion"),
        ("extended-cohn-kanade-images/cohn-kanade-images", "Emotion_labels/Emotion"),
        ("CK+/extended-cohn-kanade-images/cohn-kanade-images", "CK+/Emotion_labels/Emotion"),
        ("images", "labels"),
        (".", "."),
    ],
)
def test_every_spelling_is_the_same_dataset(tmp_path: Path, images: str, emotion: str) -> None:
    ck_plus_tree(tmp_path, images=images, emotion=emotion)
    assert CkPlus().recognise(tmp_path).confidence >= 0.9
    items = sequences(tmp_path)
    assert kinds(tmp_path) == [] and len(items) == 2 * len(LABELLED)
    for session, code in LABELLED.items():
        item = items[f"ck_{session.lower().replace('/', '_')}"]
        assert (item.label, item.subject, item.part) == (CODES[code], session[:4], "sequence")
        assert item.frames == 4 and item.files[0].endswith("_00000001.png")


def test_the_first_frame_is_a_neutral_face_of_its_own(tmp_path: Path) -> None:
    items = sequences(ck_plus_tree(tmp_path))
    whole, first = items["ck_s010_003"], items["ck_s010_003_neutral"]
    assert (first.label, first.part, first.frames) == ("neutral", "neutral", 1)
    assert first.files == whole.files[:1] and first.subject == whole.subject
    read = CkPlus()
    assert np.array_equal(read.read(tmp_path, first).frames, read.read(tmp_path, whole, [0]).frames)
    assert sum(item.part == "neutral" for item in items.values()) == len(LABELLED)


def test_unlabelled_sequences_are_left_out_and_counted(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path)
    shutil.rmtree(tmp_path / "Emotion/S999")
    (problem,) = [p for p in CkPlus().problems(tmp_path) if p.kind == "left_out"]
    assert problem.action == "2 of 23 sequences have no label and are left out"
    assert not any(name.startswith("ck_s999") for name in sequences(tmp_path))
    assert "left_out" not in BLOCKING | INCOMPLETE


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


FIRST = "cohn-kanade-images/S005/001/S005_001_0000000"


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
        (
            _copy(
                "Emotion/S005/002/S005_002_00000004_emotion.txt",
                "Emotion/S005/001/S005_001_00000003_emotion.txt",
            ),
            ["duplicate_id"],
            {"ck_s005_001"},
        ),
        (
            _copy(
                "Emotion/S005/001/S005_001_00000004_emotion.txt",
                "Emotion/S005/001/S005_001_00000003_emotion.txt",
            ),
            ["duplicate_row"],
            set(),
        ),
        (
            _copy(
                "Emotion/S005/002/S005_002_00000004_emotion.txt",
                "Emotion/S005/001/S005_002_00000004_emotion.txt",
            ),
            ["bad_row"],
            set(),
        ),
        (_unlink(f"{FIRST}2.png"), ["frame_gap"], set()),
        (_unlink(f"{FIRST}4.png"), ["frame_gap"], set()),
        (_unlink(f"{FIRST}1.png"), ["frame_gap"], set()),
        (_copy(f"{FIRST}4.png", f"{FIRST}5.png"), ["frame_count"], set()),
        (_copy(f"{FIRST}4.png", f"{FIRST}4.jpg"), ["duplicate_frame"], set()),
        (_copy(f"{FIRST}4.png", f"{FIRST}4.txt"), ["unexpected_file"], set()),
        (
            _copy(f"{FIRST}4.png", "cohn-kanade-images/S005/002/S005_001_00000004.png"),
            ["misplaced_file"],
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
        (lambda r: (r / "Emotion/notes").mkdir(), ["misnamed_folder"], set()),
        (_link_out, ["outside_root", "missing_item"], {"ck_s005_001"}),
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
    alone = CkPlus().recognise(tmp_path)
    assert alone.confidence < 0.5 and "give the folder that holds Emotion too" in alone.reason
    only = tmp_path.parent / f"{tmp_path.name}_only"
    only.mkdir()
    (tmp_path.parent / f"{tmp_path.name}_emotion").rename(only / "Emotion")
    (only / "extended-cohn-kanade-images.zip").touch()
    seen = CkPlus().recognise(only)
    assert seen.confidence < 0.5
    assert "unpack extended-cohn-kanade-images.zip first" in seen.reason


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path / "data")
    inner = CkPlus().recognise(tmp_path / "data/cohn-kanade-images/S005")
    assert inner.confidence == 0.0 and "give the folder two above it" in inner.reason
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/Emotion_labels.zip").touch()
    with pytest.raises(MissingError, match=r"Emotion_labels\.zip: unpack it first"):
        list(CkPlus().index(tmp_path / "packed"))


def test_what_others_made_of_it_is_named(tmp_path: Path) -> None:
    for label in ("anger", "contempt"):
        picture(tmp_path / f"CK+48/{label}/S010_004_00000017.png")
    for root in (tmp_path, tmp_path / "CK+48"):
        seen = CkPlus().recognise(root)
        assert seen.confidence == 0.0 and "CK+48" in seen.reason
    root = ck_plus_tree(tmp_path / "data")
    for name in ("cohn-kanade-images", "Emotion"):
        (root / name).rename(tmp_path / name)
        (root / name).symlink_to(tmp_path / name)
    assert "Emotion: links are not followed" in CkPlus().recognise(root).reason


def test_the_owners_landmarks_come_with_the_frames(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path, landmarks="Landmarks/Landmarks")
    item = sequences(tmp_path)["ck_s005_001"]
    points = CkPlus().read(tmp_path, item, [1, 3]).landmarks
    assert points is not None and points.shape == (2, 68, 2) and points.dtype == np.float32
    assert points[0, 7].tolist() == [3.0, 14.0] and points[1, 0].tolist() == [4.0, 0.0]
    before = CkPlus().fingerprint(tmp_path)
    place = tmp_path / "Landmarks/Landmarks/S005/001/S005_001_00000002_landmarks.txt"
    place.write_text(place.read_text().replace("e+00", "e+01", 1))
    assert CkPlus().fingerprint(tmp_path) != before
    place.write_text("1 2\n3 4\n")
    with pytest.raises(DamagedError, match="68 points expected"):
        CkPlus().read(tmp_path, item)
    place.unlink()
    assert CkPlus().read(tmp_path, item).landmarks is None
    assert CkPlus().read(tmp_path, item, [0]).landmarks is not None


def test_grey_and_colour_sequences_are_read(tmp_path: Path) -> None:
    ck_plus_tree(tmp_path)
    for number in range(1, 5):
        picture(tmp_path / f"{FIRST}{number}.png", mode="RGB", size=(64, 48))
    for name, shape in (("ck_s005_001", (4, 48, 64, 3)), ("ck_s005_002", (4, 24, 32, 3))):
        assert CkPlus().read(tmp_path, sequences(tmp_path)[name]).frames.shape == shape


def test_the_published_numbers_are_no_problem(tmp_path: Path) -> None:
    published = {
        "anger": 45, "contempt": 18, "disgust": 59, "fear": 25, "happiness": 69, "sadness": 28,
        "surprise": 83,
    }  # fmt: skip
    labels = [name for name, number in published.items() for _ in range(number)]
    takes = {(f"S{n % 123:03d}", f"{n // 123:03d}"): None for n in range(593)}
    seen = Sequences(tmp_path, frames_base=tmp_path)
    for (subject, session), label in zip(takes, labels, strict=False):
        name = f"ck_{subject.lower()}_{session}"
        seen.items.append(Item(name, label, subject, "vis", part="sequence"))
    count(takes, len(labels), seen)
    left_out, other_labels = (p.action for p in seen.problems)
    assert left_out == "266 of 593 sequences have no label and are left out"
    assert "as many rows as published" in other_labels and "690cf30e4926a1f0" in other_labels
    seen.items.pop()
    seen.problems.clear()
    count(takes, len(labels), seen)
    (odd,) = [p.action for p in seen.problems if p.kind == "unexpected_count"]
    assert "surprise 82 (published: 83)" in odd


def test_the_published_folds_part_the_labelled_subjects() -> None:
    folds = published_folds()
    assert [len(fold) for fold in folds] == [12] * 8 + [11] * 2
    assert len({subject for fold in folds for subject in fold}) == 118
    assert folds[0][:3] == ("S005", "S035", "S054") and folds[7][-1] == "S999"


def test_folds_are_the_same_whatever_is_there() -> None:
    """A fold does not change with the classes of a setting or with a smaller copy."""
    items = [Item(name, "anger", name, "vis") for name in ("S999", "S010", "S005", "S035", "S700")]
    folds = CkPlus().folds(items)
    assert len(folds) == 10 and folds[0] == {"S005", "S035", "S700"}
    assert (folds[1], folds[7]) == ({"S010"}, {"S999"})
    assert all(
        before <= after for before, after in zip(CkPlus().folds(items[:2]), folds, strict=True)
    )


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = {s.name: s for s in load().settings_of("ck_plus")}
    assert list(settings) == [
        "ck_plus6_supervised",
        "ck_plus7_supervised",
        "ck_plus8_supervised",
        "raf_db_to_ck_plus",
    ]
    facts = {
        name: (len(s.classes), "contempt" in s.classes, s.frames, s.folds)
        for name, s in settings.items()
    }
    assert facts == {
        "ck_plus6_supervised": (6, False, "last(3)", 10),
        "ck_plus7_supervised": (7, False, "last(1)", 10),
        "ck_plus8_supervised": (8, True, "last(3)", 10),
        "raf_db_to_ck_plus": (7, False, "last(1)", 1),
    }
    cross = settings["raf_db_to_ck_plus"]
    assert (cross.kind, cross.tested, cross.primary) == ("cross", "all", "accuracy")
    assert cross.source is not None
    assert (cross.source.dataset, cross.source.splits) == ("raf_db", ("train",))
    assert {s.detector for s in settings.values()} == {"opencv"}


def test_the_commands_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = ck_plus_tree(tmp_path / "data")
    assert main(["data", "check", "ck_plus", "--data-root", str(root), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["incomplete"] and report["items"] == 2 * len(LABELLED)
    assert report["by_class"] == dict.fromkeys(sorted(CODES), 3) | {"neutral": len(LABELLED)}
    assert main(["data", "items", "ck_plus", "--data-root", str(root)]) == 0
    assert Counter(capsys.readouterr().out.split(","))["S005"] == 14
    (root / "Emotion/S005/001/S005_001_00000004_emotion.txt").write_text("9")
    assert main(["data", "check", "ck_plus", "--data-root", str(root)]) == 4
    with pytest.raises(DamagedError, match="unknown label"):
        scan(CkPlus(), root).require()
