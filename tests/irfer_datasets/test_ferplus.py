"""FER+ as folders of images and as two CSV files: labels by votes, splits, pixels, damage."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from irfer_bench.api import DamagedError, Item, MissingError
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.expected import published
from irfer_datasets.ferplus.dataset import Ferplus
from irfer_datasets.ferplus.votes import NATIVE, NO_FACE, NO_MAJORITY, UNKNOWN, decide
from tests.irfer_datasets.ferplus_tree import (
    draw,
    rows,
    votes,
    write_folders,
    write_pixels,
    write_votes,
)


def kinds(root: Path) -> list[str]:
    """Kinds of all problems that are not about the tree being small."""
    return [p.kind for p in Ferplus().problems(root) if p.kind != "unexpected_count"]


def facts(root: Path) -> dict[str, tuple[str | None, str]]:
    return {item.id: (item.label, item.split) for item in Ferplus().index(root)}


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    root = tmp_path / "csv"
    write_votes(root / "fer2013new.csv", rows())
    write_pixels(root / "fer2013.csv", rows())
    return root


@pytest.mark.parametrize(
    ("given", "label"),
    [
        (votes(anger=6, neutral=4), "anger"),
        (votes(anger=5, neutral=5), NO_MAJORITY),
        (votes(anger=5, neutral=4, unknown=1), "anger"),
        (votes(anger=4, neutral=1, fear=1, sadness=1, disgust=1, happiness=2), "anger"),
        (votes(anger=1, neutral=1, fear=1, sadness=1, disgust=1, unknown=5), UNKNOWN),
        (votes(nf=10), NO_FACE),
        (votes(), NO_MAJORITY),
    ],
)
def test_more_than_half_of_the_votes_decide_and_single_ones_do_not_count(given, label) -> None:
    assert decide(given) == label


def test_both_forms_have_the_same_items(csv: Path, tmp_path: Path) -> None:
    write_folders(tmp_path / "folders/data", rows())
    write_folders(tmp_path / "above/data", rows(), lists=False)
    write_votes(tmp_path / "above/fer2013new.csv", rows())
    found = facts(csv)
    assert found == facts(tmp_path / "folders") == facts(tmp_path / "above")
    assert Counter(split for _, split in found.values()) == {"train": 16, "val": 8, "test": 8}
    assert {label for label, _ in found.values()} == set(NATIVE)
    for root in (csv, tmp_path / "folders", tmp_path / "above"):
        assert Ferplus().identify(root).confidence >= 0.9
        assert kinds(root) == ["left_out"]
        (left,) = [p.action for p in Ferplus().problems(root) if p.kind == "left_out"]
        assert left.endswith("1 no majority, 1 unknown")


@pytest.mark.parametrize("later", [False, True])
def test_a_row_of_pixels_is_its_image(tmp_path: Path, later: bool) -> None:
    write_votes(tmp_path / "FERPlus/fer2013new.csv", rows())
    write_pixels(tmp_path / ("icml_face_data.csv" if later else "fer2013.csv"), rows(), later=later)
    write_folders(tmp_path / "elsewhere/data", rows())
    items = {item.id: item for item in Ferplus().index(tmp_path / "elsewhere")}
    named = {f"ferplus_{row[1]}": row for row in rows()}
    dataset = Ferplus()  # reads without having listed anything, as another process does
    for item in [i for i in Ferplus().index(tmp_path) if i.id in items][::7]:
        clip = dataset.read(tmp_path, item)
        assert clip.frames.shape == (1, 48, 48, 3)
        assert np.array_equal(clip.frames[0, :, :, 1], draw(named[item.id]))
        other = Ferplus().read(tmp_path / "elsewhere", items[item.id])
        assert np.array_equal(clip.frames, other.frames)


def test_the_fingerprint_is_of_pixels_and_labels(csv: Path, tmp_path: Path) -> None:
    own = rows()
    known = Ferplus().fingerprint(csv)
    again = tmp_path / "again"
    write_votes(again / "fer2013new.csv", own)
    write_pixels(again / "icml_face_data.csv", own, later=True)
    assert Ferplus().fingerprint(again) == known, "the file's name and columns are no part of it"
    text = (csv / "fer2013.csv").read_text()
    pixels = text.splitlines()[1].split(",")[1]
    (csv / "fer2013.csv").write_text(text.replace(pixels, pixels.replace(" ", " 1", 1), 1))
    assert Ferplus().fingerprint(csv) != known


def test_votes_and_pixels_in_other_orders_are_refused(csv: Path) -> None:
    write_pixels(csv / "fer2013.csv", rows()[1:])
    with pytest.raises(DamagedError, match="34 images, and there are 35 rows of votes"):
        list(Ferplus().index(csv))
    write_pixels(csv / "fer2013.csv", rows()[::-1])
    with pytest.raises(DamagedError, match="of another use than their votes"):
        list(Ferplus().index(csv))


def test_of_two_files_of_pixels_one_is_read(csv: Path) -> None:
    whole = facts(csv)
    write_pixels(csv / "icml_face_data.csv", rows(), later=True)
    assert facts(csv) == whole
    (double,) = [p for p in Ferplus().problems(csv) if p.kind == "duplicate_file"]
    assert (double.path, "fer2013.csv is" in double.action) == ("icml_face_data.csv", True)


def test_a_cut_row_of_pixels_is_named(csv: Path) -> None:
    lines = (csv / "fer2013.csv").read_text().splitlines()
    emotion, pixels, usage = lines[1].split(",")
    lines[1] = f"{emotion},{pixels[:400]},{usage}"
    (csv / "fer2013.csv").write_text("\n".join(lines) + "\n")
    item = next(item for item in Ferplus().index(csv) if item.id == "ferplus_fer0000000")
    with pytest.raises(DamagedError, match=r"fer2013\.csv line 2: .* grey values, 2304"):
        Ferplus().read(csv, item)


def test_what_is_missing_is_said(tmp_path: Path, csv: Path) -> None:
    (csv / "fer2013new.csv").rename(tmp_path / "fer2013new.csv")
    seen = Ferplus().identify(csv)
    assert seen.confidence < 0.5 and "no fer2013new.csv, whose votes are the labels" in seen.reason
    (csv / "fer2013.csv").unlink()
    (tmp_path / "fer2013new.csv").rename(csv / "fer2013new.csv")
    assert "add fer2013.csv of FER-2013" in Ferplus().identify(csv).reason
    with pytest.raises(MissingError, match=r"add fer2013\.csv"):
        list(Ferplus().index(csv))
    write_folders(tmp_path / "own", rows())
    seen = Ferplus().identify(tmp_path / "own/FER2013Train")
    assert seen.confidence == 0.0 and "give the folder that holds FER2013Train" in seen.reason
    (tmp_path / "kaggle/train/angry").mkdir(parents=True)
    (tmp_path / "kaggle/train/angry/1.jpg").touch()
    for name in ("disgust", "happy"):
        (tmp_path / "kaggle/train" / name).mkdir()
        (tmp_path / "kaggle/train" / name / "1.jpg").touch()
    seen = Ferplus().identify(tmp_path / "kaggle")
    assert seen.confidence == 0.0 and "FER-2013 with its own labels" in seen.reason


def test_files_that_disagree_are_listed(tmp_path: Path) -> None:
    write_folders(tmp_path, rows())
    (tmp_path / "FER2013Train/fer0000000.png").unlink()
    (tmp_path / "FER2013Valid/fer0000002.png").write_bytes(
        (tmp_path / "FER2013Train/fer0000002.png").read_bytes()
    )
    table = tmp_path / "FER2013Test/label.csv"
    first, *rest = table.read_text().splitlines()
    table.write_text("\n".join([*rest, "broken,1,2"]) + "\n")
    found = Counter(kinds(tmp_path))
    assert found == {
        "missing_item": 1, "bad_row": 1, "duplicate_file": 1, "unlabelled_file": 1, "left_out": 1,
    }  # fmt: skip
    assert f"ferplus_{first[:10]}" not in facts(tmp_path)


def test_the_other_edition_of_the_votes_is_told_and_not_mixed_in(tmp_path: Path) -> None:
    write_folders(tmp_path / "data", rows())
    own = rows()
    usage, name, _ = own[0]
    own[0] = usage, name, votes(fear=9)
    write_votes(tmp_path / "fer2013new.csv", own)
    (odd,) = [p for p in Ferplus().problems(tmp_path) if p.kind == "label_mismatch"]
    assert "1 images another label than fer2013new.csv, which is used" in odd.action
    assert facts(tmp_path)[f"ferplus_{name}"] == ("fear", "train")
    other = {split: sum(of.values()) for split, of in published("ferplus")["list"].items()}
    assert other == {"train": 25045, "val": 3191, "test": 3137}


def test_the_published_counts_make_one_fold() -> None:
    known = published("ferplus")["votes"]
    items = [
        Item(f"ferplus_{split}{label}{k}", label, None, "vis", split=split)
        for split in ("train", "val", "test")
        for label, count in known[split].items()
        for k in range(count)
    ]
    assert Counter(item.split for item in items) == {"train": 25060, "val": 3199, "test": 3153}
    (fold,) = Ferplus().folds(items)
    assert len(fold) == 3153


def test_the_setting_says_what_the_protocol_says() -> None:
    (setting,) = load().settings_of("ferplus")
    assert setting.target.splits == ("train", "test"), "validation images are in neither"
    assert set(setting.classes) == set(NATIVE)
    assert (setting.kind, setting.folds, setting.primary) == ("supervised", 1, "accuracy")


def test_the_commands_show_it(
    csv: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    assert main(["data", "check", "ferplus", "--data-root", str(csv), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["by_class"] == dict.fromkeys(sorted(NATIVE), 4)
    assert main(["data", "items", "ferplus", "--data-root", str(csv)]) == 0
    assert capsys.readouterr().out.count("\nferplus_fer") == 32
