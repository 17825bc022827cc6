"""RAF-DB in the official and the Kaggle form: items, framing, counts, settings, commands."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from irfer_bench.api import DatasetCopy, Item, LargeSurvey, MissingError
from irfer_bench.cli import main
from irfer_bench.registry import load
from irfer_datasets.params import RafDbParams
from irfer_datasets.raf_db.dataset import RafDb
from irfer_datasets.raf_db.rows import count
from tests.irfer_datasets.raf_db.findings import CODES, kinds, labels
from tests.irfer_datasets.raf_db_tree import ROWS, kaggle_tree, owner_tree


@pytest.mark.parametrize("spelling", ["list_patition_label.txt", "list_partition_label.txt"])
@pytest.mark.parametrize("base", [".", "basic", "RAF-DB/RAF-DB/basic"])
def test_the_owners_form_in_every_spelling(tmp_path: Path, base: str, spelling: str) -> None:
    owner_tree(tmp_path / base, spelling=spelling)
    assert RafDb().identify(tmp_path).confidence >= 0.9
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
    assert RafDb().identify(tmp_path / "kaggle").confidence >= 0.9
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


def test_original_images_alone_are_read_and_marked(tmp_path: Path) -> None:
    owner_tree(tmp_path, images=("original",))
    assert {item.part for item in RafDb().index(tmp_path)} == {"original"}
    with pytest.raises(MissingError, match="holds no Image/aligned images"):
        list(RafDb(RafDbParams(images="aligned")).index(tmp_path))


def test_a_half_unpacked_copy_names_the_archive(tmp_path: Path) -> None:
    owner_tree(tmp_path / "basic", images=())
    (tmp_path / "basic/Image").mkdir()
    (tmp_path / "basic/Image/aligned.zip").touch()
    seen = RafDb().identify(tmp_path)
    assert seen.confidence < 0.5 and "basic/Image/aligned.zip: unpack it first" in seen.reason
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/basic.zip").touch()
    assert "basic.zip: unpack it first" in RafDb().identify(tmp_path / "packed").reason


@pytest.mark.parametrize(
    ("inner", "hint"),
    [("Image", "holds Image and EmoLabel"), ("Image/aligned", "holds Image and EmoLabel")],
)
def test_a_root_one_level_too_deep_is_told_so(tmp_path: Path, inner: str, hint: str) -> None:
    owner_tree(tmp_path)
    seen = RafDb().identify(tmp_path / inner)
    assert seen.confidence == 0.0 and hint in seen.reason
    kaggle_tree(tmp_path / "DATASET")
    seen = RafDb().identify(tmp_path / "DATASET/train")
    assert seen.confidence == 0.0 and "holds train and test" in seen.reason


def test_the_compound_set_is_not_taken_for_the_basic_one(tmp_path: Path) -> None:
    owner_tree(tmp_path / "RAF/compound", {"train_0001": 7, "test_0001": 3})
    seen = RafDb().identify(tmp_path / "RAF")
    assert seen.confidence == 0.0 and "compound labels are not read" in seen.reason
    assert RafDb().identify(tmp_path / "RAF/compound").confidence == 0.0
    owner_tree(tmp_path / "RAF/basic")
    assert len(labels(tmp_path)) == len(ROWS)
    assert {item.files[0].split("/")[1] for item in RafDb().index(tmp_path)} == {"basic"}


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
    seen = LargeSurvey(tmp_path)
    for split, numbers in published.items():
        for code, number in enumerate(numbers):
            for k in range(number):
                name = f"raf_{split}_{code}_{k}"
                seen.items.append(Item(name, CODES[code], None, "vis", split=split))
    count(DatasetCopy("", "official"), seen)
    assert seen.problems == []
    assert Counter(i.split for i in seen.items) == {"train": 12271, "test": 3068}
    (fold,) = RafDb().folds(seen.items)
    assert len(fold) == 3068 and all(name.startswith("raf_test_") for name in fold)


def test_the_settings_say_what_the_protocol_says() -> None:
    settings = load().settings_of("raf_db")
    aligned, *few, original = settings
    assert [aligned.name, original.name] == ["raf_db_supervised", "raf_db_original_supervised"]
    assert [(s.name, s.shots) for s in few] == [(f"raf_db_shots{n}", n) for n in (1, 2, 4, 8, 16)]
    assert {(s.target, s.draws, s.seeds) for s in few} == {(aligned.target, 3, 3)}
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
