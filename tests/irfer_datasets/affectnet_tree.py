"""AffectNet trees of both releases in the layouts of `docs/datasets.md`, drawn images only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from irfer_datasets.affectnet.layout import LABELS
from tests.irfer_datasets.cfee_tree import draw
from tests.irfer_datasets.trees import image

HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal"
)
SIZES: Mapping[str, int] = {"train_set": 2, "val_set": 1}
"""Images per label, 0 to 7 and the three that are no expressions."""
EXTENSIONS = ("jpg", "JPG", "png", "jpeg", "bmp", "tif")


def crops_tree(root: Path, halves: Mapping[str, int] = SIZES, codes: int = 11) -> Path:
    """`root/{train_set,val_set}/images/<id>.jpg` and `annotations/<id>_{exp,val,aro,lnd}.npy`."""
    number = 0
    for half, each in halves.items():
        for name in ("images", "annotations"):
            (root / half / name).mkdir(parents=True)
        for k in range(each * codes):
            code, number = k % codes, number + 1
            place = root / half / "images" / f"{number}.jpg"
            if code in LABELS:
                draw(place, k, "anger" if code == 7 else LABELS[code])
            else:
                image(place, code)
            facts = {"exp": label(code, k), "val": np.array(0.25), "aro": np.array(-2.0)}
            facts["lnd"] = np.zeros((136,))
            for fact, value in facts.items():
                np.save(root / half / "annotations" / f"{number}_{fact}.npy", value)
    return root


def label(code: int, k: int) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """One label in the ways that circulate: a number, a text, an array of one."""
    return (np.array(code), np.array(str(code)), np.array([code]), np.array(float(code)))[k % 4]


def landmarks(k: int) -> str:
    """68 points `x;y;x;y…`."""
    return ";".join(f"{10 + k + i % 7};{8 + i % 5}.5" for i in range(68))


def rows(split: str, each: int, codes: int = 11) -> list[str]:
    """Rows of a list: two folders, mixed extensions, boxes 20 wide and 16 high."""
    found = []
    for k in range(each * codes):
        extension = EXTENSIONS[k % len(EXTENSIONS)]
        path = f"{k % 2 + 1}/{'ab' if split == 'train' else 'cd'}{k:02d}.{extension}"
        box = "NULL,NULL,NULL,NULL" if k % codes == 10 else "6,4,20,16"
        found.append(f"{path},{box},{landmarks(k)},{k % codes},-2,-2")
    return found


def write_list(place: Path, lines: Sequence[str], header: str = HEADER) -> None:
    """A list under its header."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(f"{line}\n" for line in (header, *lines)))


def lists_tree(
    root: Path,
    *,
    images: str = "Manually_Annotated_Images",
    lists: str = "Manually_Annotated_file_lists",
) -> Path:
    """Images 32x24 under `root/<images>/<n>/` and `root/<lists>/{training,validation}.csv`."""
    for name, split, each in (("training", "train", 2), ("validation", "val", 1)):
        lines = rows(split, each)
        write_list(root / lists / f"{name}.csv", lines)
        for k, line in enumerate(lines):
            image(root / images / line.partition(",")[0], 5 * k, mode="RGB")
    return root


def write_affectnet(root: Path) -> None:
    """Two training images and one validation image per class, as crops."""
    crops_tree(root / "AffectNet", codes=8)
