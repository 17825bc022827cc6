"""RAF-DB in the owners' and the Kaggle form, and everything that can be wrong with either."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import DamagedError, Item, MissingError
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING, scan
from irfer_bench.registry import load
from irfer_datasets.crowd import CrowdSurvey
from irfer_datasets.raf_db.dataset import RafDb
from irfer_datasets.raf_db.layout import Tree
from irfer_datasets.raf_db.params import RafDbParams
from irfer_datasets.raf_db.rows import count
from tests.irfer_datasets.raf_db_tree import ROWS, kaggle_tree, owner_tree

CODES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
"""The owners' 1 to 7."""


def kinds(root: Path) -> list[str]:
    """Kinds of all problems that are not about the tree being small."""
    return [p.kind for p in RafDb().problems(root) if p.kind != "unexpected_count"]


def labels(root: Path) -> dict[str, str | None]:
    return {item.id: item.label for item in RafDb().index(root)}


@pytest.mark.parametrize("spelling", ["list_patition_label.txt", "list_partition_label.txt"])
@pytest.mark.parametrize("base", [".", "basic", "RAF-DB/RAF-DB/basic"])
def test_the_owners_form_in_every_spelling(tmp_path: Path, base: str, spelling: str) -> None:
    owner_tree(tmp_path / base, spelling=spelling)
    assert RafDb().recognise(tmp_path).confidence >= 0.9
    items = {item.id: item for item in RafDb().index(tmp_path)}
    assert kinds(tmp_path) == [] and len(items) == len(ROWS)
    for name, code in ROWS.items():
        item = items[f"raf_{name}"]
        assert (item.label, item.subject, item.spectrum) == (CODES[code - 1], None, "vis")
        assert (item.split, item.part) == (name.partition("_")[0], "aligned")


@pytest.mark.parametrize("base", [".", "DATASET", "raf-db-dataset/DATASET"])
def test_the_kaggle_form_has_the_same_items(tmp_path: Path, base: str) -> None:
    owner_tree(tmp_path / "owner")
    kaggle_tree(tmp_path / "kaggle" / base)
    assert RafDb().recognise(tmp_path / "kaggle").confidence >= 0.9
    assert kinds(tmp_path / "kaggle") == []
    assert labels(tmp_path / "kaggle") == labels(tmp_path / "owner")


def test_the_parameter_chooses_the_framing(tmp_path: Path) -> None:
    owner_tree(tmp_path, images=("aligned", "original"))
    parts = {
        wanted: {(i.part, Path(i.files[0]).parent.name) for i in RafDb(params).index(tmp_path)}
        for wanted, params in (
            ("auto", RafDbParams()),
            ("aligned", RafDbParams(images="aligned")),
            ("original", RafDbParams(images="original")),
        )
    }
    assert parts["auto"] == parts["aligned"] == {("aligned", "aligned")}
    assert parts["original"] == {("original", "original")}
    (unread,) = [p for p in RafDb().problems(tmp_path) if p.kind == "second_tree"]
    assert unread.path == "Image/original" and "raf_db.images=original" in unread.action


def test_original_pictures_alone_are_read_and_marked(tmp_path: Path) -> None:
    owner_tree(tmp_path, images=("original",))
    assert {item.part for item in RafDb().index(tmp_path)} == {"original"}
    with pytest.raises(MissingError, match="holds no Image/aligned pictures"):
        list(RafDb(RafDbParams(images="aligned")).index(tmp_path))


def test_a_half_unpacked_copy_names_the_archive(tmp_path: Path) -> None:
    owner_tree(tmp_path / "basic", images=())
    (tmp_path / "basic/Image").mkdir()
    (tmp_path / "basic/Image/aligned.zip").touch()
    seen = RafDb().recognise(tmp_path)
    assert seen.confidence < 0.5 and "basic/Image/aligned.zip: unpack it first" in seen.reason
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/basic.zip").touch()
    assert "basic.zip: unpack it first" in RafDb().recognise(tmp_path / "packed").reason


@pytest.mark.parametrize(
    ("inner", "hint"),
    [("Image", "holds Image and EmoLabel"), ("Image/aligned", "holds Image and EmoLabel")],
)
def test_a_root_one_level_too_deep_is_told_so(tmp_path: Path, inner: str, hint: str) -> None:
    owner_tree(tmp_path)
    seen = RafDb().recognise(tmp_path / inner)
    assert seen.confidence == 0.0 and hint in seen.reason
    kaggle_tree(tmp_path / "DATASET")
    seen = RafDb().recognise(tmp_path / "DATASET/train")
    assert seen.confidence == 0.0 and "holds train and test" in seen.reason


def test_pictures_without_the_list_are_recognised_but_have_no_labels(tmp_path: Path) -> None:
    owner_tree(tmp_path)
    (tmp_path / "EmoLabel/list_patition_label.txt").unlink()
    assert labels(tmp_path) == {} and kinds(tmp_path) == ["missing_list"]
    assert "no EmoLabel/list_patition_label.txt" in RafDb().recognise(tmp_path).reason


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
        (_list(lambda t: t + "train_00001.jpg 1\n"), ["duplicate_row"], set()),
        (_list(lambda t: t + "train_00001.jpg 4\n"), ["duplicate_id"], {"raf_train_00001"}),
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
            ["duplicate_id"],
            {"raf_train_00001"},
        ),
        (
            _move("train/1/train_00001_aligned.jpg", "test/1/train_00001_aligned.jpg"),
            ["missing_item", "bad_row"],
            {"raf_train_00001"},
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


def test_links_that_leave_are_refused(tmp_path: Path) -> None:
    root = owner_tree(tmp_path / "data")
    picture = root / "Image/aligned/test_0003_aligned.jpg"
    picture.rename(tmp_path / "elsewhere.jpg")
    picture.symlink_to(tmp_path / "elsewhere.jpg")
    assert kinds(root) == ["outside_root", "missing_item"]
    assert "outside_root" in BLOCKING and "raf_test_0003" not in labels(root)


def test_a_linked_folder_is_told_not_followed(tmp_path: Path) -> None:
    root = kaggle_tree(tmp_path / "kaggle")
    (root / "test").rename(tmp_path / "elsewhere")
    (root / "test").symlink_to(tmp_path / "elsewhere")
    assert kinds(root) == ["outside_root"]
    owner = owner_tree(tmp_path / "owner")
    (owner / "Image/aligned").rename(tmp_path / "aligned")
    (owner / "Image/aligned").symlink_to(tmp_path / "aligned")
    with pytest.raises(MissingError, match="aligned: links are not followed"):
        list(RafDb().index(owner))


def test_the_compound_set_is_not_taken_for_the_basic_one(tmp_path: Path) -> None:
    owner_tree(tmp_path / "RAF/compound", {"train_0001": 7, "test_0001": 3})
    seen = RafDb().recognise(tmp_path / "RAF")
    assert seen.confidence == 0.0 and "compound labels are not read" in seen.reason
    assert RafDb().recognise(tmp_path / "RAF/compound").confidence == 0.0
    owner_tree(tmp_path / "RAF/basic")
    assert len(labels(tmp_path)) == len(ROWS)
    assert {item.files[0].split("/")[1] for item in RafDb().index(tmp_path)} == {"basic"}


def test_a_binary_list_is_damaged(tmp_path: Path) -> None:
    owner_tree(tmp_path)
    (tmp_path / "EmoLabel/list_patition_label.txt").write_bytes(b"\x00\x01\x02\xff" * 40)
    with pytest.raises(DamagedError, match="neither UTF-8"):
        list(RafDb().index(tmp_path))
    assert "neither UTF-8" in RafDb().recognise(tmp_path).reason


def test_counts_are_compared_class_by_class(tmp_path: Path) -> None:
    owner_tree(tmp_path)
    odd = [p.action for p in RafDb().problems(tmp_path) if p.kind == "unexpected_count"]
    assert len(odd) == 2
    assert "train" in odd[0] and "fear 2 (published: 281)" in odd[0]
    assert "test" in odd[1] and "happiness 1 (published: 1185)" in odd[1]


def test_the_published_numbers_are_no_problem(tmp_path: Path) -> None:
    published = {
        "train": (1290, 281, 717, 4772, 1982, 705, 2524),
        "test": (329, 74, 160, 1185, 478, 162, 680),
    }
    seen = CrowdSurvey(tmp_path)
    for split, numbers in published.items():
        for code, number in enumerate(numbers):
            for k in range(number):
                name = f"raf_{split}_{code}_{k}"
                seen.items.append(Item(name, CODES[code], None, "vis", split=split))
    count(Tree(tmp_path, "owner"), seen)
    assert seen.problems == []
    assert Counter(i.split for i in seen.items) == {"train": 12271, "test": 3068}
    (fold,) = RafDb().folds(seen.items)
    assert len(fold) == 3068 and all(name.startswith("raf_test_") for name in fold)


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = load().settings_of("raf_db")
    assert [s.name for s in settings] == ["raf_db_supervised", "raf_db_original_supervised"]
    aligned, original = settings
    assert (aligned.detector, original.detector) == ("none", "opencv")
    assert (aligned.target.parts, original.target.parts) == (("aligned",), ("original",))
    for setting in settings:
        assert set(setting.classes) == set(CODES)
        assert (setting.kind, setting.folds, setting.primary) == ("supervised", 1, "accuracy")


def test_the_commands_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = owner_tree(tmp_path / "basic")
    (root / "Image/aligned/train_00007_aligned.jpg").write_bytes(b"\xff\xd8 cut off")
    assert main(["data", "check", "raf_db", "--data-root", str(root), "--json"]) == 4
    report = json.loads(capsys.readouterr().out)
    damaged = [p["path"] for p in report["problems"] if p["kind"] == "damaged"]
    assert damaged == ["Image/aligned/train_00007_aligned.jpg"]
    assert report["by_class"] == dict.fromkeys(sorted(CODES), 3) | {"neutral": 2}
    assert main(["data", "items", "raf_db", "--data-root", str(root)]) == 0
    assert capsys.readouterr().out.count("\nraf_") == len(ROWS) - 1
