"""What is missing from, misnamed in or too small in a copy of NVIE."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from irfer_datasets.nvie.dataset import Nvie
from tests.irfer_datasets.nvie.findings import SMALL, items, kinds
from tests.irfer_datasets.nvie_tree import (
    POSED,
    SPONTANEOUS,
    clips_of,
    face,
    spontaneous_tree,
    write_ratings,
)
from tests.irfer_datasets.trees import image


def _cut(name: str) -> Callable[[Path], object]:
    return lambda root: shutil.rmtree(root / SPONTANEOUS / "front" / name)


def _move(old: str, new: str) -> Callable[[Path], object]:
    base = f"{SPONTANEOUS}/front"
    return lambda root: (root / base / old).rename(root / base / new)


@pytest.mark.parametrize(
    ("damage", "told", "lost"),
    [
        (_cut("001/infrared"), ["missing_partner"], 12),
        (_cut("001/visible/2"), ["missing_partner"], 1),
        (_move("001/infrared", "001/Infrared"), ["mis_cased"], 0),
        (_move("001", "1"), [], 0),
        (_move("002", "nobody"), ["unresolved"] * 24 + ["missing_item"] * 6, 24),
        (
            lambda r: (r / SPONTANEOUS / "front/001/visible/1/1.pts").touch(),
            ["unexpected_file"],
            0,
        ),
        (lambda r: (r / SPONTANEOUS / "front/001/visible/Thumbs.db").touch(), [], 0),
    ],
)
def test_what_is_wrong_is_listed_and_the_rest_is_used(
    tmp_path: Path, damage: Callable[[Path], object], told: list[str], lost: int
) -> None:
    spontaneous_tree(tmp_path, (1, 2))
    assert kinds(tmp_path) == []
    damage(tmp_path)
    assert sorted(kind for kind, _ in kinds(tmp_path)) == sorted(told)
    assert len(items(tmp_path)) == 48 - lost


def test_a_subject_without_one_camera_has_items_and_no_pair(tmp_path: Path) -> None:
    clips_of(tmp_path, 1, cameras=("infrared",))
    write_ratings(tmp_path / "r.csv", (1,))
    assert {(i.spectrum, i.pair, i.weak_pair) for i in items(tmp_path)} == {("lwir", None, False)}


def test_subjects_lights_and_sizes_are_compared_with_what_is_published(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1, 2), lights=("front", "left"))
    problems = [p for p in Nvie().problems(tmp_path) if p.kind in SMALL]
    counted = [p for p in problems if p.kind == "unexpected_count"]
    assert [p.path for p in counted] == [f"{SPONTANEOUS}/front", f"{SPONTANEOUS}/left"]
    assert "2 subjects" in counted[1].action and "99" in counted[1].action
    assert [p.path for p in problems if p.kind == "missing_domain"] == [f"{SPONTANEOUS}/right"]
    sizes = [p.action for p in problems if p.kind == "unexpected_size"]
    assert len(sizes) == 2 * 2 * 2 and "32x32 pixels where 320x240" in sizes[0]


def test_images_of_the_published_sizes_are_no_problem(tmp_path: Path) -> None:
    for camera, size in (("visible", (704, 480)), ("infrared", (320, 240))):
        image(tmp_path / POSED / "1" / camera / "fear/a.bmp", size=size)
    assert not [p for p in Nvie().problems(tmp_path) if p.kind == "unexpected_size"]


def test_ninety_nine_subjects_under_a_light_are_enough(tmp_path: Path) -> None:
    for subject in range(1, 100):
        place = tmp_path / SPONTANEOUS / f"front/{subject}/visible/1"
        place.mkdir(parents=True)
        (place / "1.bmp").touch()
    assert not [p for p in Nvie().problems(tmp_path) if p.kind == "unexpected_count"]
    shutil.rmtree(tmp_path / SPONTANEOUS / "front/99")
    assert [p.kind for p in Nvie().problems(tmp_path)].count("unexpected_count") == 1


def test_a_tree_without_apex_folders_says_which_settings_cannot_run(tmp_path: Path) -> None:
    face(tmp_path / SPONTANEOUS / "front/1/visible/1/1.bmp", 1, "fear", "visible")
    told = [p for p in Nvie().problems(tmp_path) if p.path.endswith("/apex")]
    assert [p.kind for p in told] == ["missing_domain"] and "manifest.csv" in told[0].action
