"""AffectNet's lists of 2017 in every spelling, and everything that can be wrong with them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_bench.api import DamagedError
from irfer_datasets.affectnet.dataset import AffectNet
from irfer_datasets.params import AffectNetParams
from tests.irfer_datasets.affectnet.findings import CODES, SMALL, TRAINING, facts, kinds
from tests.irfer_datasets.affectnet_tree import landmarks, lists_tree, rows, write_list
from tests.irfer_datasets.trees import image


@pytest.mark.parametrize(
    ("images", "lists"),
    [
        ("Manually_Annotated_Images", "Manually_Annotated_file_lists"),
        (
            "Manually_Annotated/Manually_Annotated_Images",
            "Manually_Annotated_file_lists/Manually_Annotated_file_lists",
        ),
        ("Manually_Annotated_Images/Manually_Annotated_Images", "Manually_Annotated_file_lists"),
        ("manually_annotated_images", "Manually_Annotated_file_list"),
        ("Manually_Annotated_Images", "."),
        ("AffectNet/Manually_Annotated/Manually_Annotated_Images", "AffectNet/Manually_Annotated"),
    ],
)
def test_the_lists_of_2017_in_every_spelling(tmp_path: Path, images: str, lists: str) -> None:
    lists_tree(tmp_path, images=images, lists=lists)
    assert AffectNet().identify(tmp_path).confidence >= 0.9
    assert facts(tmp_path) == SMALL
    assert kinds(tmp_path) == (["mis_cased"] if images.islower() else [])


def test_ids_say_nothing_and_do_not_depend_on_where_the_images_lie(tmp_path: Path) -> None:
    lists_tree(tmp_path / "a")
    lists_tree(tmp_path / "b", images="Manually_Annotated/Manually_Annotated_Images")
    first, second = (
        {item.id: item.label for item in AffectNet().index(tmp_path / name)} for name in "ab"
    )
    assert first == second and len(first) == 24
    assert all(name.replace("_", "").isalnum() and name.islower() for name in first)
    assert AffectNet().fingerprint(tmp_path / "a") == AffectNet().fingerprint(tmp_path / "b")


def test_the_automatic_list_is_read_only_when_asked_for(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    for spelling in ("Automatically_annotated_file_list", "Automatically_Annotated_file_lists"):
        lines = [f"9/x{k}.jpg,6,4,20,16,{landmarks(k)},{k},-2,-2" for k in range(3)]
        write_list(tmp_path / spelling / "automatically_annotated.csv", lines)
        for k in range(3):
            image(tmp_path / f"Automatically_Annotated_Images/9/x{k}.jpg", k)
        assert facts(tmp_path) == SMALL
        both = AffectNet(AffectNetParams(automatic=True))
        automatic = [item for item in both.index(tmp_path) if item.part == "automatic"]
        assert [item.label for item in automatic] == list(CODES[:3])
        assert {item.split for item in automatic} == {"train"} and kinds(tmp_path, both) == []
        shutil.rmtree(tmp_path / spelling)


def _training(change: Callable[[str], str], encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda root: (root / TRAINING).write_bytes(
        change((root / TRAINING).read_text()).encode(encoding)
    )


ROW = rows("train", 2)[0]


@pytest.mark.parametrize(
    ("damage", "expected", "lost"),
    [
        (_training(lambda t: t.replace("\n", "\r\n")), [], 0),
        (_training(lambda t: t, "utf-8-sig"), [], 0),
        (_training(lambda t: t.rstrip("\n")), [], 0),
        (_training(lambda t: t + "9/人.jpg,1,1,9,9,,8,-2,-2\n", "gb18030"), ["encoding"], 0),
        (_training(lambda t: t.replace("1/ab", "1\\ab")), [], 0),
        (_training(lambda t: t + ROW + "\n"), [], 0),
        (_training(lambda t: t + ROW.replace(",0,-2", ",3,-2") + "\n"), ["duplicate_id"], 0),
        (_training(lambda t: t + rows("val", 1)[0] + "\n"), ["duplicate_id"], 0),
        (_training(lambda t: t.replace(",0,-2", ",11,-2", 1)), ["unknown_label"], 1),
        (_training(lambda t: t.replace(",0,-2", ",-1,-2", 1)), ["unknown_label"], 1),
        (_training(lambda t: t.replace(",0,-2", ",happy,-2", 1)), ["bad_row"], 1),
        (_training(lambda t: t + "1/ab99.jpg,1,2\n"), ["bad_row"], 0),
        (_training(lambda t: t + "../me.jpg,1,1,9,9,,1,0,0\n"), ["outside_root"], 0),
        (_training(lambda t: t + "1/gone.jpg,1,1,9,9,,1,0,0\n"), ["missing_item"], 0),
        (
            lambda r: (r / "Manually_Annotated_Images/1/ab00.jpg").unlink(),
            ["missing_item"],
            1,
        ),
        (
            lambda r: image(r / "Manually_Annotated_Images/1/new.jpg"),
            ["unlabelled_file"],
            0,
        ),
        (
            lambda r: image(r / "Manually_Annotated_Images/77/new.jpg"),
            ["unlabelled_file"],
            0,
        ),
        (
            lambda r: (r / "Manually_Annotated_Images/1/ab00.jpg").rename(
                r / "Manually_Annotated_Images/1/ab00.JPEG"
            ),
            [],
            0,
        ),
        (lambda r: (r / TRAINING).unlink(), ["missing_list"] + ["unlabelled_file"] * 22, 16),
        (lambda r: (r / "Manually_Annotated_Images.part01.rar").touch(), ["packed"], 0),
    ],
)
def test_what_is_wrong_with_the_lists_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], expected: list[str], lost: int
) -> None:
    lists_tree(tmp_path)
    damage(tmp_path)
    if expected == ["unknown_label"] or (expected == ["bad_row"] and lost):
        expected = [*expected, "unlabelled_file"]
    assert kinds(tmp_path) == expected
    items = list(AffectNet().index(tmp_path))
    assert len(items) == 24 - lost
    dataset = AffectNet()
    for item in items:
        assert dataset.read(tmp_path, item).frames.shape[0] == 1


def test_a_header_of_other_columns_or_in_another_order_is_refused(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place = tmp_path / TRAINING
    text = place.read_text()
    place.write_text(text.replace("expression", "label", 1))
    with pytest.raises(DamagedError, match="lacks column expression in place 7"):
        list(AffectNet().index(tmp_path))
    cells = [line.split(",") for line in text.splitlines()]
    place.write_text("".join(",".join(reversed(row)) + "\n" for row in cells))
    with pytest.raises(DamagedError, match="lacks column subdirectory_filepath in place 1"):
        list(AffectNet().index(tmp_path))


def test_a_list_with_paths_of_another_machine_is_one_line(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place = tmp_path / TRAINING
    place.write_text(re.sub(r"^(?=\d)", "/home/ann/AffectNet/", place.read_text(), flags=re.M))
    (problem,) = [p for p in AffectNet().problems(tmp_path) if p.kind == "outside_root"]
    assert problem.path == TRAINING and problem.action.startswith("22 path(s) lead out of")
