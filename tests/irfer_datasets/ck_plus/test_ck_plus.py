"""CK+ in the layouts that circulate: sequences, landmarks, counts, folds, settings, commands."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import DamagedError, Item, read_folds
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING, INCOMPLETE
from irfer_bench.data.scanning import scan
from irfer_bench.registry import load
from irfer_datasets.ck_plus.dataset import CkPlus
from irfer_datasets.ck_plus.sequences import Sequences, count
from tests.irfer_datasets.ck_plus.findings import CODES, FIRST, LABELLED, kinds, sequences
from tests.irfer_datasets.ck_plus_tree import ck_plus_tree
from tests.irfer_datasets.trees import image


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
    assert CkPlus().identify(tmp_path).confidence >= 0.9
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
        image(tmp_path / f"{FIRST}{number}.png", mode="RGB", size=(64, 48))
    for name, shape in (("ck_s005_001", (4, 48, 64, 3)), ("ck_s005_002", (4, 24, 32, 3))):
        assert CkPlus().read(tmp_path, sequences(tmp_path)[name]).frames.shape == shape


def test_the_published_numbers_are_no_problem(tmp_path: Path) -> None:
    published = {
        "anger": 45, "contempt": 18, "disgust": 59, "fear": 25, "happiness": 69, "sadness": 28,
        "surprise": 83,
    }  # fmt: skip
    labels = [name for name, number in published.items() for _ in range(number)]
    takes = {(f"S{n % 123:03d}", f"{n // 123:03d}"): None for n in range(593)}
    seen = Sequences(tmp_path)
    for (subject, session), label in zip(takes, labels, strict=False):
        name = f"ck_{subject.lower()}_{session}"
        seen.items.append(Item(name, label, subject, "vis", part="sequence"))
    count(".", takes, seen)
    left_out, other_labels = (p.action for p in seen.problems)
    assert left_out == "266 of 593 sequences have no label and are left out"
    assert "as many rows as published" in other_labels and "690cf30e4926a1f0" in other_labels
    seen.items.pop()
    seen.problems.clear()
    count(".", takes, seen)
    (odd,) = [p.action for p in seen.problems if p.kind == "unexpected_count"]
    assert "surprise 82 (published: 83)" in odd


def test_the_published_folds_part_the_labelled_subjects() -> None:
    folds = read_folds("irfer_datasets.ck_plus")
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
