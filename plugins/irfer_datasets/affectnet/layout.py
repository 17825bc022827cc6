"""Layout of AffectNet on disk: the lists of 2017 and the crops of 2021.

`Manually_Annotated_Images/<n>/<hash>.<ext>` with `Manually_Annotated_file_lists/{training,
validation}.csv`; or `{train_set,val_set}/images/<id>.jpg` with `annotations/<id>_exp.npy`.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irfer_datasets.expected import compare_count, compare_labels, published
from irfer_datasets.large_folders import LargeSurvey, child
from irfer_datasets.tree import find_bases, list_folder, obstacles, subfolders

Form = Literal["lists_2017", "crops_2021"]
LABELS: Mapping[int, str] = {
    0: "neutral",
    1: "happiness",
    2: "sadness",
    3: "surprise",
    4: "fear",
    5: "disgust",
    6: "anger",
    7: "contempt",
}
"""The official codes."""
NO_EXPRESSION: Mapping[int, str] = {8: "none", 9: "uncertain", 10: "no face"}
HALVES: Mapping[str, str] = {"train_set": "train", "val_set": "val"}
LISTS: Mapping[str, tuple[str, str]] = {
    "training.csv": ("train", "manual"),
    "validation.csv": ("val", "manual"),
    "automatically_annotated.csv": ("train", "automatic"),
}
"""List, split and part."""
_IMAGE_FOLDERS = {
    "manual": ("manually_annotated_images",),
    "automatic": ("automatically_annotated_images",),
}
_LISTS = {
    "manual": ("manually_annotated_file_lists", "manually_annotated_file_list"),
    "automatic": ("automatically_annotated_file_list", "automatically_annotated_file_lists"),
}
_MARKS = (*_IMAGE_FOLDERS["manual"], *_LISTS["manual"], "manually_annotated")
NAMES = (
    *HALVES,
    "images",
    "annotations",
    "Manually_Annotated",
    "Manually_Annotated_Images",
    "Manually_Annotated_file_lists",
    "Automatically_Annotated_Images",
)
"""Official spelling of the folders that have one spelling."""
VAL8 = (499, 500)
"""Validation images of contempt: the release of 2021 lacks one."""


@dataclass(frozen=True)
class Tree:
    """One unpacked copy: the folder that holds the halves, or images and lists."""

    base: Path
    form: Form


def find_trees(root: Path) -> list[Tree]:
    """Copies at most four levels below a root, those of 2021 first."""
    bases = find_bases(root, lambda below: _is_crops(below) or _is_lists(below))
    crops = [base for base in bases if _is_crops(subfolders(base))]
    lists = [base for base in bases if _is_lists(subfolders(base))]
    return [
        *(Tree(base, "crops_2021") for base in crops),
        *(Tree(base, "lists_2017") for base in lists),
    ]


def image_folder(tree: Tree, part: str) -> Path | None:
    """The folder of numbered folders of the release of 2017, however deep it nests in itself."""
    return _find(tree.base, _IMAGE_FOLDERS[part])


def find_list(tree: Tree, name: str) -> Path | None:
    """A list of the release of 2017: in its folder in either spelling, or beside the images."""
    part = LISTS[name][1]
    folders = [_find(tree.base, _LISTS[part]), tree.base]
    images = image_folder(tree, part)
    folders += [] if images is None else [images.parent]
    for folder in filter(None, folders):
        for path in list_folder(folder, folder).files:
            if path.name.casefold() == name:
                return path
    return None


def look(tree: Tree) -> str:
    """What a copy lacks, or an empty string; no list and no image is read."""
    if tree.form == "crops_2021":
        for name in HALVES:
            half = child(tree.base, name)
            folders = [half and child(half, inner) for inner in ("images", "annotations")]
            if all(folder is not None and _first_file(folder) for folder in folders):
                return ""
        return "no images/<id>.jpg beside annotations/<id>_exp.npy"
    if find_list(tree, "training.csv") is None and find_list(tree, "validation.csv") is None:
        return "neither training.csv nor validation.csv"
    images = image_folder(tree, "manual")
    if images is None or not any(path.name.isdecimal() for path in subfolders(images)):
        return "no Manually_Annotated_Images with numbered folders"
    return ""


def folders_above(tree: Tree) -> list[Path]:
    """The folders of a copy that hold lists or folders, and few of them."""
    if tree.form == "crops_2021":
        return [half for name in HALVES if (half := child(tree.base, name)) is not None]
    names = (*_LISTS["manual"], *_LISTS["automatic"])
    found = [_find(tree.base, (name,)) for name in names]
    found += [image_folder(tree, part) for part in _IMAGE_FOLDERS]
    return [folder for folder in found if folder is not None]


def stray(root: Path) -> Iterator[str]:
    """Hints why a folder is not this dataset."""
    name, below = root.resolve().name.casefold(), {p.name.casefold() for p in subfolders(root)}
    if name in HALVES or below == {"images", "annotations"}:
        yield "it is one half: give the folder that holds train_set and val_set"
    elif name in _MARKS:
        yield "it is a part of it: give the folder that holds images and file lists"
    yield from obstacles(root)


def count(tree: Tree, left_out: Mapping[int, int], seen: LargeSurvey) -> None:
    """Compare with the published counts; note how many images show no expression."""
    where, known = seen.place(tree.base), published("affectnet")
    if any(left_out.values()):
        counts = ", ".join(
            f"{left_out.get(code, 0):,} {word}" for code, word in NO_EXPRESSION.items()
        )
        seen.note("left_out", tree.base, f"labels 8, 9 and 10 are no expressions: {counts}")
    own = [item for item in seen.items if item.part == "manual"]
    train = [item.label or "" for item in own if item.split == "train"]
    val = [item.label or "" for item in own if item.split == "val"]
    contempt = known["train8"] - known["train7"]
    per_label = {**known["train7_per_class"], "contempt": contempt}
    seen.problems += compare_labels(where, "training images", train, per_label)
    seven = {name: known["val7"] // 7 for name in LABELS.values() if name != "contempt"}
    rest = [name for name in val if name != "contempt"]
    seen.problems += compare_labels(where, "validation images", rest, seven)
    if (found := val.count("contempt")) not in VAL8:
        what = "validation images of contempt"
        seen.problems += compare_count(where, what, found, VAL8[1])


def _is_crops(below: Sequence[Path]) -> bool:
    halves = [path for path in below if path.name.casefold() in HALVES]
    inner = {path.name.casefold() for half in halves for path in subfolders(half)}
    return bool(inner & {"images", "annotations"})


def _is_lists(below: Sequence[Path]) -> bool:
    return any(path.name.casefold() in _MARKS for path in below)


def _find(base: Path, names: Sequence[str]) -> Path | None:
    """The first folder of such a name at most three levels down, and in it the innermost one."""
    queue = deque([(base, 0)])
    while queue:
        folder, depth = queue.popleft()
        for below in subfolders(folder):
            if below.name.casefold() in names:
                return _find(below, names) or below
            if depth < 2 and not below.name.isdecimal():
                queue.append((below, depth + 1))
    return None


def _first_file(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.is_file() for entry in entries)
    except OSError:
        return False
