"""NVIE's folders in any order and depth: posed levels, apex images, selected samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.api import BASIC, Item
from irfer_datasets.nvie.dataset import Nvie
from irfer_datasets.nvie.layout import CODES
from tests.irfer_datasets.nvie.findings import items, kinds, told
from tests.irfer_datasets.nvie_tree import (
    CAMERAS,
    FELT,
    POSED,
    SPONTANEOUS,
    clips_of,
    face,
    posed_tree,
    selected_tree,
    write_ratings,
)
from tests.irfer_datasets.trees import image


@pytest.mark.parametrize(
    ("levels", "subject", "light", "id_part"),
    [
        ("{subject}", "007", "", "posed_007_anger"),
        ("{subject:02d}/Front", "007", "front", "posed_front_007_anger"),
        ("Front/{subject:03d}", "007", "front", "posed_front_007_anger"),
        ("glass/P{subject:03d}/left", "007", "left", "posed_left_007_glass_anger"),
        ("{subject}/without glasses/right", "007", "right", "posed_right_007_noglass_anger"),
        ("{subject:02d}_glass/front", "007", "front", "posed_front_007_glass_anger"),
        ("{subject:02d} not wearing glasses", "007", "", "posed_007_noglass_anger"),
    ],
)
def test_posed_levels_are_told_by_their_names(
    tmp_path: Path, levels: str, subject: str, light: str, id_part: str
) -> None:
    posed_tree(tmp_path, (7,), levels)
    found = items(tmp_path, "posed")
    assert len(found) == 12 and {i.label for i in found} == set(BASIC)
    assert {(i.subject, i.lighting) for i in found} == {(subject, light)}
    assert all(i.pair and i.weak_pair for i in found)
    assert min(i.id for i in found).startswith(f"lwir_{id_part}")
    assert set(kinds(tmp_path)) == ({("mis_cased", "Front")} if "Front" in levels else set())


def test_with_and_without_glasses_are_two_items(tmp_path: Path) -> None:
    posed_tree(tmp_path, (1,), "{subject}/glass")
    posed_tree(tmp_path, (1,), "{subject}/no glass")
    assert len(items(tmp_path)) == 24


def test_two_numbers_above_a_camera_are_listed(tmp_path: Path) -> None:
    posed_tree(tmp_path, (1,), "2/{subject}")
    assert {item.subject for item in items(tmp_path)} == {"001"}
    assert {kind for kind, _ in kinds(tmp_path)} == {"ambiguous_subject"}


def test_neutral_is_posed_only_and_a_class(tmp_path: Path) -> None:
    face(tmp_path / POSED / "1/visible/neutral/a.bmp", 1, "anger", "visible")
    (item,) = items(tmp_path)
    assert item.label == "neutral" and Nvie().classes == (*BASIC, "neutral")


@pytest.mark.parametrize("form", ["{clip}_17", "{clip}", "{clip}/a", "{clip}-apex 2"])
def test_apex_images_belong_to_the_clip_whose_name_they_begin_with(
    tmp_path: Path, form: str
) -> None:
    for clip in ("1", "2"):
        for camera in CAMERAS:
            place = tmp_path / SPONTANEOUS / "front/5" / camera
            face(place / clip / "1.bmp", 5, "fear", camera)
            face(place / "apex" / f"{form.format(clip=clip)}.bmp", 5, "fear", camera)
    write_ratings(tmp_path / "ratings.csv", (5,), 2)
    found = items(tmp_path, "spontaneous_apex")
    assert sorted(i.id for i in found) == [
        f"{spectrum}_spontaneous_apex_front_005_{clip}"
        for spectrum in ("lwir", "vis")
        for clip in (1, 2)
    ]
    assert {i.id[-1]: i.label for i in found} == {"1": "happiness", "2": "disgust"}


def test_several_apex_images_of_a_clip_are_one_item(tmp_path: Path) -> None:
    place = clips_of(tmp_path, 1)
    for name in ("1_0010.bmp", "1_0003.bmp"):
        face(place / "visible/apex" / name, 1, "happiness", "visible")
    write_ratings(tmp_path / "r.csv", (1,))
    item = next(i for i in items(tmp_path) if i.id == "vis_spontaneous_apex_front_001_1")
    assert [name.rpartition("/")[2] for name in item.files] == [
        "1_0002.BMP",
        "1_0003.bmp",
        "1_0010.bmp",
    ]


def test_onset_and_apex_inside_a_clip_are_its_own(tmp_path: Path) -> None:
    for phase in ("onset", "apex"):
        face(tmp_path / SPONTANEOUS / f"left/3/visible/2/{phase}/x.bmp", 3, "fear", "visible")
    write_ratings(tmp_path / "r.csv", (3,), 2)
    assert {(i.id, i.label, i.part) for i in items(tmp_path)} == {
        ("vis_spontaneous_onset_left_003_2", "disgust", "spontaneous_onset"),
        ("vis_spontaneous_apex_left_003_2", "disgust", "spontaneous_apex"),
    }


def test_an_apex_image_of_no_known_clip_is_listed_and_left_out(tmp_path: Path) -> None:
    place = clips_of(tmp_path, 1)
    face(place / "visible/apex/xyz.bmp", 1, "fear", "visible")
    write_ratings(tmp_path / "r.csv", (1,))
    assert ("unlabelled_file", "xyz.bmp") in kinds(tmp_path)
    row = next(row for row in Nvie().inventory(tmp_path) if row["path"].endswith("xyz.bmp"))
    assert (row["subject"], row["clip"], row["expression"]) == ("001", "", "")


def test_selected_samples_have_the_owners_codes(tmp_path: Path) -> None:
    selected_tree(tmp_path)
    assert {item.label for item in items(tmp_path)} == set(BASIC)
    assert [CODES[str(k)] for k in range(1, 7)] == list(FELT) == list(Nvie.native)
    image(tmp_path / "SelectedSamples/9_1.bmp")
    image(tmp_path / "SelectedSamples/2/12.bmp")
    assert ("unlabelled_file", "9_1.bmp") in kinds(tmp_path)
    label = {item.id: item.label for item in items(tmp_path)}
    assert [label[name] for name in label if name.startswith("vis_selected_apex_2_12")] == [
        "disgust"
    ]


def test_an_unknown_expression_folder_is_named_with_the_nearest(tmp_path: Path) -> None:
    face(tmp_path / POSED / "1/visible/angre/a.bmp", 1, "anger", "visible")
    (problem,) = told(tmp_path)
    assert problem.kind == "misnamed_folder" and "did you mean anger?" in problem.action
    found: list[Item] = items(tmp_path)
    assert found == []
