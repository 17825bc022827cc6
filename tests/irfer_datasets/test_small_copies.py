"""What a small or oddly spelt copy leaves to be told by the little that is there."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.data.manifest import INCOMPLETE
from irfer_datasets.large_hfe.dataset import LargeHfe
from irfer_datasets.nvie.dataset import Nvie
from tests.irfer_datasets.large_hfe_tree import HEADER, large_hfe_tree, metadata_rows
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


def test_metadata_finds_folders_in_other_letter_cases(tmp_path: Path) -> None:
    large_hfe_tree(tmp_path, (1,))
    rows = metadata_rows(tmp_path)
    whole = {item.id: item.frames for item in LargeHfe().index(tmp_path)}
    (tmp_path / "metadata.csv").write_text("\n".join((HEADER, *rows)))
    (tmp_path / "NIR").rename(tmp_path / "nir")
    (tmp_path / "VIS/S001/Fear").rename(tmp_path / "VIS/S001/fear")
    assert {item.id: item.frames for item in LargeHfe().index(tmp_path)} == whole
    found = [(p.kind, p.path) for p in LargeHfe().problems(tmp_path)]
    odd = {path for kind, path in found if kind == "mis_cased"}
    assert odd == {"nir", "VIS/S001/fear"}
    assert not {"missing_item", "unlabelled_file"} & {kind for kind, _ in found}
