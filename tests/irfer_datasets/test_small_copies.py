"""What a small or oddly spelt copy leaves to be told by the little that is there."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.data.manifest import INCOMPLETE
from irfer_datasets.nvie.dataset import Nvie
from tests.irfer_datasets.nvie_tree import (
    CAMERAS,
    SPONTANEOUS,
    face,
    posed_tree,
    spontaneous_tree,
    write_ratings,
)


def test_apex_images_beside_one_clip_are_of_that_clip(tmp_path: Path) -> None:
    for camera in CAMERAS:
        place = tmp_path / SPONTANEOUS / "front/5" / camera
        face(place / "2/001.bmp", 5, "fear", camera)
        for name in ("017", "018"):
            face(place / f"apex/{name}.bmp", 5, "fear", camera)
    write_ratings(tmp_path / "ratings.csv", (5,), 2)
    found = {i.id: i for i in Nvie().index(tmp_path) if i.part == "spontaneous_apex"}
    assert set(found) == {f"{s}_spontaneous_apex_front_005_2" for s in ("lwir", "vis")}
    assert {(item.label, item.frames) for item in found.values()} == {("disgust", 2)}


def test_few_people_of_the_posed_part_are_an_incomplete_copy(tmp_path: Path) -> None:
    posed_tree(tmp_path, (1, 2))
    counts = [p for p in Nvie().problems(tmp_path) if p.kind in INCOMPLETE]
    assert [p.path for p in counts] == ["0-PosedExpressionDatabase"]
    assert counts[0].action.startswith("2 subjects where more than 100 are published")


def test_lights_and_phases_in_other_letter_cases_are_listed(tmp_path: Path) -> None:
    spontaneous_tree(tmp_path, (1,))
    whole = {item.id for item in Nvie().index(tmp_path)}
    for name in ("apex", "front"):
        for path in list(tmp_path.rglob(name)):
            path.rename(path.with_name(name.upper()))
    assert {item.id for item in Nvie().index(tmp_path)} == whole
    notes = [p for p in Nvie().problems(tmp_path) if p.kind == "mis_cased"]
    assert {(p.path.rpartition("/")[2], p.action) for p in notes} == {
        ("FRONT", "read as front; rename it"),
        ("APEX", "read as apex; rename it"),
    }
