"""The official boxes and landmarks in AffectNet's lists of 2017."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import DamagedError
from irfer_datasets.affectnet.dataset import AffectNet
from irfer_datasets.affectnet.faces import FaceList
from tests.irfer_datasets.affectnet.findings import TRAINING, kinds
from tests.irfer_datasets.affectnet_tree import landmarks, lists_tree, rows, write_list


def test_the_face_is_cut_out_by_the_owners_box(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    dataset = AffectNet()
    item = next(i for i in dataset.index(tmp_path) if i.files[0].endswith("/2/ab03.jpeg"))
    clip = dataset.read(tmp_path, item)
    with Image.open(tmp_path / item.files[0]) as image:
        whole = np.asarray(image.convert("RGB"))
    assert np.array_equal(clip.frames, whole[None, 4:20, 6:26])
    assert clip.landmarks is not None and clip.landmarks.shape == (1, 68, 2)
    assert clip.landmarks[0, 0].tolist() == [10 + 3 - 6, 8.5 - 4]
    assert clip.landmarks.dtype == np.float32


@pytest.mark.parametrize(
    ("box", "shape", "moved"),
    [
        ("NULL,NULL,NULL,NULL", (24, 32), (0, 0)),
        ("6,4,0,0", (24, 32), (0, 0)),
        ("100,100,20,20", (24, 32), (0, 0)),
        ("-6,-4,20,16", (12, 14), (0, 0)),
        ("20,10,40,40", (14, 12), (20, 10)),
        ("6.0,4.0,20.0,16.0", (16, 20), (6, 4)),
    ],
)
def test_a_box_that_is_none_or_reaches_out(
    tmp_path: Path, box: str, shape: tuple[int, int], moved: tuple[int, int]
) -> None:
    lists_tree(tmp_path)
    place = tmp_path / TRAINING
    place.write_text(place.read_text().replace(",6,4,20,16,", f",{box},", 1))
    item = next(i for i in AffectNet().index(tmp_path) if i.files[0].endswith("/1/ab00.jpg"))
    clip = AffectNet().read(tmp_path, item)
    assert clip.frames.shape == (1, *shape, 3)
    assert clip.landmarks is not None
    assert clip.landmarks[0, 0].tolist() == [10 - moved[0], 8.5 - moved[1]]
    listed = ["no_box"] if "NULL" in box or ",0,0" in box else []
    assert kinds(tmp_path) == listed


def test_landmarks_that_are_none_are_none(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place = tmp_path / TRAINING
    place.write_text(place.read_text().replace(landmarks(0), "NULL").replace(landmarks(1), "1;2"))
    for name in ("/1/ab00.jpg", "/2/ab01.JPG"):
        item = next(i for i in AffectNet().index(tmp_path) if i.files[0].endswith(name))
        assert AffectNet().read(tmp_path, item).landmarks is None


def test_boxes_and_landmarks_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    place, before = tmp_path / TRAINING, AffectNet().fingerprint(tmp_path)
    text = place.read_text()
    for old, new in ((",6,4,20,16,", ",6,4,20,17,"), (landmarks(2), landmarks(3))):
        place.write_text(text.replace(old, new, 1))
        assert AffectNet().fingerprint(tmp_path) != before
    header, *lines = text.splitlines()
    write_list(place, lines[::-1], header)
    assert AffectNet().fingerprint(tmp_path) == before


def test_a_list_that_changed_after_indexing_is_noticed(tmp_path: Path) -> None:
    lists_tree(tmp_path)
    items = [item for item in AffectNet().index(tmp_path) if item.split == "train"]
    before = {item.id: AffectNet().read(tmp_path, item).frames for item in items}
    write_list(tmp_path / TRAINING, rows("train", 2)[::-1])
    dataset = AffectNet()
    for item in items:
        assert np.array_equal(dataset.read(tmp_path, item).frames, before[item.id])
    write_list(tmp_path / TRAINING, rows("train", 1))
    with pytest.raises(DamagedError, match=r"training\.csv has no row for 1/ab"):
        for item in items:
            AffectNet().read(tmp_path, item)


def test_every_row_is_found_by_name(tmp_path: Path) -> None:
    """Quoted, with backslashes and in another case, as copies of the lists have them."""
    boxes = {f"{n % 3}/p{n:03d}": (n, n + 1, n + 2, n + 3) for n in range(200)}
    lines = [f"{name}.jpg,{','.join(map(str, box))},,1,0,0" for name, box in boxes.items()]
    lines[3], lines[4] = lines[3].replace("/", "\\").upper(), f'"{lines[4]}'.replace(",", '",', 1)
    write_list(tmp_path / "list.csv", lines)
    faces = FaceList(tmp_path / "list.csv", tmp_path)
    for name, box in boxes.items():
        assert faces.find(f"{name}.png").box == box
    with pytest.raises(DamagedError, match="no row for 0/p999"):
        faces.find("0/p999.jpg")
