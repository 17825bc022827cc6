"""Still sets as they lie on people's disks: one tree per form that a public loader reads."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from irfer_datasets.affectnet.dataset import AffectNet
from irfer_datasets.kdef.dataset import Kdef
from irfer_datasets.params import AffectNetParams
from irfer_datasets.raf_db.dataset import RafDb
from tests.irfer_datasets.affectnet.findings import CODES, SMALL, facts, kinds
from tests.irfer_datasets.affectnet_tree import crops_tree
from tests.irfer_datasets.kdef_tree import kdef_tree
from tests.irfer_datasets.raf_db import findings as raf_db
from tests.irfer_datasets.raf_db_tree import ROWS, kaggle_tree
from tests.irfer_datasets.trees import image


def annotate(root: Path) -> None:
    """Replace the .npy files by one .json each, as AffectNet+ has them."""
    for place in sorted(root.glob("*/annotations")):
        for path in list(place.glob("*_exp.npy")):
            code = int(float(np.load(path).item()))
            number = path.name.partition("_")[0]
            words = {
                "human-label": code if int(number) % 2 else str(code),
                "soft-label": [0.0] * 8,
                "meta-data": {"landmark-68": [0.5] * 136, "age": 30},
            }
            (place / f"{number}.json").write_text(json.dumps(words))
        for path in place.glob("*.npy"):
            path.unlink()


def test_affectnet_in_its_present_release(tmp_path: Path) -> None:
    """AffectNet+: `human_annotated/{train_set,validation_set}/{images,annotations/*.json}`."""
    root = tmp_path / "AffectNet+/human_annotated"
    crops_tree(root, {"train_set": 2, "validation_set": 1})
    annotate(root)
    (tmp_path / "AffectNet+/no_human_annotated/images").mkdir(parents=True)
    dataset = AffectNet()
    assert dataset.identify(tmp_path).confidence > 0.9
    assert facts(tmp_path, dataset) == SMALL and kinds(tmp_path, dataset) == []
    items = {item.id: item for item in dataset.index(tmp_path)}
    assert items["affectnet_train_2"].label == items["affectnet_val_24"].label == CODES[1]
    place = root / "train_set/annotations/2.json"
    odd = (("{", "bad_row"), ("{}", "bad_row"), ('{"human-label": 11}', "unknown_label"))
    for text, kind in odd:
        place.write_text(text)
        assert kinds(tmp_path) == [kind]


def test_affectnet_whose_second_half_is_called_valid_set(tmp_path: Path) -> None:
    """POSTER."""
    crops_tree(tmp_path, {"train_set": 2, "valid_set": 1})
    assert facts(tmp_path) == SMALL and kinds(tmp_path) == []
    assert len(AffectNet().folds(list(AffectNet().index(tmp_path)))[0]) == 8


@pytest.mark.parametrize("base", [".", "AffectNet"])
def test_affectnet_sorted_into_folders_by_code(tmp_path: Path, base: str) -> None:
    """DAN: `train/0..7` and `val/0..7`, the official codes."""
    crops_tree(tmp_path / "crops", {"train_set": 2, "val_set": 1}, codes=8)
    for item in AffectNet().index(tmp_path / "crops"):
        place = tmp_path / "sorted" / base / item.split / str(CODES.index(str(item.label)))
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "crops" / item.files[0], place)
    root, dataset = tmp_path / "sorted", AffectNet()
    assert dataset.identify(root).confidence > 0.9 and facts(root, dataset) == SMALL
    same = {item.id: item.label for item in AffectNet().index(tmp_path / "crops")}
    assert {item.id: item.label for item in dataset.index(root)} == same
    assert kinds(root, dataset) == ["unchecked_label"]
    assert Counter(i.split for i in AffectNet(AffectNetParams(form="folders")).index(root)) == {
        "train": 16, "val": 8
    }  # fmt: skip


def test_other_sets_sorted_by_code_are_not_taken_for_affectnet(tmp_path: Path) -> None:
    """FER2013 is sorted into 0 to 6, copies of RAF-DB into 1 to 7: other expressions."""
    for name, codes in (("fer", range(7)), ("raf", range(1, 8))):
        for code in codes:
            image(tmp_path / name / f"train/{code}/a{code}.jpg")
        seen = AffectNet().identify(tmp_path / name)
        assert seen.confidence < 0.5 and "codes may be another set's" in seen.reason


def test_raf_db_from_kaggle_has_its_tables_beside_the_images(tmp_path: Path) -> None:
    """`DATASET/{train,test}/{1..7}` with `{train,test}_labels.csv` beside `DATASET`."""
    kaggle_tree(tmp_path / "DATASET")
    for split in ("train", "test"):
        (tmp_path / f"DATASET/{split}_labels.csv").rename(tmp_path / f"{split}_labels.csv")
    assert raf_db.kinds(tmp_path) == [] and len(raf_db.labels(tmp_path)) == len(ROWS)
    place = tmp_path / "train_labels.csv"
    place.write_text(place.read_text().replace("train_00001_aligned.jpg,1", "train_00001.jpg,4"))
    (problem,) = [p for p in RafDb().problems(tmp_path) if p.kind == "duplicate_id"]
    assert "folder says 1 surprise, train_labels.csv says 4 happiness" in problem.action


def test_kdef_with_all_images_in_one_folder(tmp_path: Path) -> None:
    """Loaders copy them flat: the name says session, person, expression and view."""
    kdef_tree(tmp_path / "KDEF")
    before = {item.id: (item.label, item.subject, item.part) for item in Kdef().index(tmp_path)}
    (tmp_path / "flat/images").mkdir(parents=True)
    for path in sorted((tmp_path / "KDEF").rglob("*.JPG")):
        path.rename(tmp_path / "flat/images" / path.name)
    dataset, root = Kdef(), tmp_path / "flat"
    assert dataset.identify(root).confidence > 0.9
    items = list(dataset.index(root))
    assert {item.id: (item.label, item.subject, item.part) for item in items} == before
    assert {p.kind for p in dataset.problems(root)} == {"missing_subject"}
    assert len([fold for fold in dataset.folds(items) if fold]) == 2
