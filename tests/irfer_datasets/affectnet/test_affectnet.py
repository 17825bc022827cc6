"""AffectNet in both releases: which is read, what is left out, counts, settings, commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from irfer_bench.api import DamagedError, DatasetCopy, Item, LargeSurvey, MissingError
from irfer_bench.cli import main
from irfer_bench.data.manifest import BLOCKING, INCOMPLETE
from irfer_bench.data.scanning import scan
from irfer_bench.registry import load
from irfer_datasets.affectnet.dataset import AffectNet
from irfer_datasets.affectnet.layout import count
from irfer_datasets.params import AffectNetParams
from tests.irfer_datasets.affectnet.findings import CODES, SMALL, TRAINING, facts, kinds
from tests.irfer_datasets.affectnet_tree import crops_tree, lists_tree


def test_labels_that_are_no_expressions_are_counted_and_left_out(tmp_path: Path) -> None:
    crops_tree(tmp_path / "crops")
    lists_tree(tmp_path / "lists")
    for name in ("crops", "lists"):
        (problem,) = [p for p in AffectNet().problems(tmp_path / name) if p.kind == "left_out"]
        assert problem.action.endswith("no expressions: 3 none, 3 uncertain, 3 no face")
    assert "left_out" not in BLOCKING | INCOMPLETE


def test_where_both_releases_lie_the_later_is_read_and_the_other_named(tmp_path: Path) -> None:
    crops_tree(tmp_path / "new")
    lists_tree(tmp_path / "old")
    assert kinds(tmp_path) == ["second_tree"] and facts(tmp_path) == SMALL
    old = AffectNet(AffectNetParams(form="lists_2017"))
    assert all(item.files[0].startswith("old/") for item in old.index(tmp_path))
    shutil.rmtree(tmp_path / "old")
    with pytest.raises(MissingError, match="holds only crops_2021"):
        list(AffectNet(old.params).index(tmp_path))


def test_links_are_followed_wherever_they_point(tmp_path: Path) -> None:
    root = crops_tree(tmp_path / "data")
    lists = lists_tree(tmp_path / "lists")
    for place in (
        root / "train_set/images/1.jpg",
        root / "val_set",
        lists / "Manually_Annotated_Images/1",
        lists / TRAINING,
    ):
        place.rename(tmp_path / place.name)
        place.symlink_to(tmp_path / place.name)
    for form in (root, lists):
        assert kinds(form) == [] and facts(form) == SMALL
        dataset = AffectNet()
        assert all(len(dataset.read(form, item).frames) == 1 for item in dataset.index(form))


def test_a_folder_that_is_not_the_dataset_is_told_why(tmp_path: Path) -> None:
    crops_tree(tmp_path / "a")
    lists_tree(tmp_path / "b")
    half = AffectNet().identify(tmp_path / "a/val_set")
    assert half.confidence == 0.0 and "holds train_set and val_set" in half.reason
    part = AffectNet().identify(tmp_path / "b/Manually_Annotated_Images")
    assert part.confidence == 0.0 and "holds images and file lists" in part.reason
    shutil.rmtree(tmp_path / "b/Manually_Annotated_file_lists")
    (tmp_path / "b/Manually_Annotated_file_lists.zip").touch()
    packed = AffectNet().identify(tmp_path / "b")
    assert packed.confidence < 0.5
    assert "Manually_Annotated_file_lists.zip: unpack it" in packed.reason
    with pytest.raises(MissingError, match=r"Manually_Annotated_file_lists\.zip: unpack it first"):
        list(AffectNet().index(tmp_path / "b"))


def test_the_published_numbers_are_no_problem(tmp_path: Path) -> None:
    train = (74874, 134415, 25459, 14090, 6378, 3803, 24882, 3750)
    for contempt in (499, 500):
        seen = LargeSurvey(tmp_path)
        one = {(s, c): Item(f"{s}_{c}", c, None, "vis", split=s, part="manual")
               for s in ("train", "val") for c in CODES}  # fmt: skip
        for code, number in zip(CODES, train, strict=True):
            seen.items += [one["train", code]] * number
            seen.items += [one["val", code]] * (contempt if code == "contempt" else 500)
        count(DatasetCopy("", "crops_2021"), {}, seen)
        assert seen.problems == []
    seen.items.remove(one["train", "fear"])
    seen.items.remove(one["val", "fear"])
    count(DatasetCopy("", "crops_2021"), {}, seen)
    first, second = (p.action for p in seen.problems)
    assert "fear 6377 (published: 6378)" in first and "fear 499 (published: 500)" in second


def test_the_settings_say_what_the_protocol_says(tmp_path: Path) -> None:
    settings = {s.name: s for s in load().settings_of("affectnet")}
    names = ["affectnet7_supervised", "affectnet8_supervised", "raf_db_to_affectnet7"]
    assert list(settings) == names
    assert [len(settings[name].classes) for name in names] == [7, 8, 7]
    for setting in settings.values():
        assert (setting.folds, setting.primary, setting.detector) == (1, "accuracy", "none")
        assert setting.target.parts == ("manual",)
    cross = settings["raf_db_to_affectnet7"]
    assert (cross.kind, cross.tested, cross.target.splits) == ("cross", "all", ("val",))
    assert cross.source is not None and cross.source.dataset == "raf_db"
    items = list(AffectNet().index(crops_tree(tmp_path)))
    (fold,) = AffectNet().folds(items)
    assert fold == {item.id for item in items if item.split == "val"}


def test_the_commands_show_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    root = lists_tree(tmp_path / "data")
    assert main(["data", "check", "affectnet", "--data-root", str(root), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["incomplete"] and report["by_class"] == dict.fromkeys(sorted(CODES), 3)
    assert main(["data", "items", "affectnet", "--data-root", str(root)]) == 0
    assert capsys.readouterr().out.count("\naffectnet_") == 24
    place = root / TRAINING
    place.write_text(place.read_text().replace(",0,-2", ",12,-2"))
    assert main(["data", "check", "affectnet", "--data-root", str(root)]) == 4
    with pytest.raises(DamagedError):
        scan(AffectNet(), root).require()
