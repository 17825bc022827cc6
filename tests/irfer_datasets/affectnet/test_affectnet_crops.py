"""AffectNet's crops of 2021, and everything that can be wrong with them."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from irfer_datasets.affectnet.crops import parse_code, read_codes
from irfer_datasets.affectnet.dataset import AffectNet
from tests.irfer_datasets.affectnet.findings import CODES, SMALL, facts, kinds
from tests.irfer_datasets.affectnet_tree import crops_tree


@pytest.mark.parametrize("base", [".", "AffectNet", "AffectNet-8Labels/AffectNet"])
def test_the_crops_of_2021(tmp_path: Path, base: str) -> None:
    crops_tree(tmp_path / base)
    assert AffectNet().identify(tmp_path).confidence >= 0.9
    assert facts(tmp_path) == SMALL and kinds(tmp_path) == []
    items = {item.id: item for item in AffectNet().index(tmp_path)}
    assert (items["affectnet_train_2"].label, items["affectnet_val_24"].label) == (CODES[1],) * 2
    assert {(i.subject, i.spectrum, i.part) for i in items.values()} == {(None, "vis", "manual")}


def _save(value: object, name: str = "train_set/annotations/1_exp.npy") -> Callable[[Path], object]:
    return lambda root: np.save(root / name, np.asarray(value), allow_pickle=True)


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (_save("3"), [], 0),
        (_save(b"3"), [], 0),
        (_save(np.array([[3]])), [], 0),
        (_save(11), ["unknown_label"], 1),
        (_save(-1), ["unknown_label"], 1),
        (_save(1.5), ["bad_row"], 1),
        (_save("happy"), ["bad_row"], 1),
        (_save([1, 2]), ["bad_row"], 1),
        (_save(np.array({"label": 1}, dtype=object)), ["bad_row"], 1),
        (lambda r: (r / "train_set/annotations/1_exp.npy").write_bytes(b""), ["bad_row"], 1),
        (lambda r: (r / "train_set/annotations/1_exp.npy").write_bytes(b"x"), ["bad_row"], 1),
        (lambda r: (r / "train_set/annotations/1_exp.npy").unlink(), ["unlabelled_file"], 1),
        (lambda r: (r / "train_set/images/1.jpg").unlink(), ["missing_item"], 1),
        (lambda r: (r / "train_set/annotations/1_lnd.npy").unlink(), [], 0),
        (lambda r: (r / "train_set/images/me.jpg").touch(), ["unexpected_file"], 0),
        (lambda r: (r / "train_set/images/01.jpg").touch(), ["duplicate_file"], 0),
        (lambda r: (r / "train_set/images/.DS_Store").touch(), [], 0),
        (lambda r: (r / "train_set").rename(r / "Train_Set"), ["mis_cased"], 0),
        (lambda r: shutil.rmtree(r / "val_set"), ["missing_list"], 8),
        (lambda r: shutil.rmtree(r / "val_set/annotations"), ["missing_list"], 8),
        (lambda r: (r / "val_set.zip").touch(), ["packed"], 0),
    ],
)
def test_what_is_wrong_with_the_crops_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: int
) -> None:
    crops_tree(tmp_path)
    damage(tmp_path)
    assert kinds(tmp_path) == expected
    assert sum(facts(tmp_path).values()) == 24 - lost


def test_pickles_are_not_opened() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array(print, dtype=object), allow_pickle=True)
    reason = parse_code(stream.getvalue())
    assert isinstance(reason, str) and "no plain .npy" in reason


def test_many_labels_are_read_in_their_order(tmp_path: Path) -> None:
    codes = [(7 * k) % 11 for k in range(2500)]
    for code in range(11):
        np.save(tmp_path / f"{code}.npy", np.array(code))
    assert list(read_codes([f"{tmp_path}/{code}.npy" for code in codes])) == codes
