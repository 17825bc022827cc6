"""Layout of RAF-DB on disk: the official `basic` folder, and the Kaggle form.

`basic/Image/{aligned,original}/train_00001_aligned.jpg` with `basic/EmoLabel/
list_patition_label.txt` (sic; the corrected spelling circulates), or
`DATASET/{train,test}/{1..7}/train_00001_aligned.jpg` with `{train,test}_labels.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irfer_datasets.large_folders import child
from irfer_datasets.tree import find_bases, list_folder, obstacles, subfolders

Images = Literal["aligned", "original"]
LABELS: Mapping[int, str] = {
    1: "surprise",
    2: "fear",
    3: "disgust",
    4: "happiness",
    5: "sadness",
    6: "anger",
    7: "neutral",
}
"""The official codes."""
SPLITS = ("train", "test")
NAMES = ("basic", "Image", "EmoLabel", "aligned", "original", *SPLITS)
"""Folders as the distributors, and the Kaggle form, spell them."""
LISTS = ("list_patition_label.txt", "list_partition_label.txt")
NAME = re.compile(r"(?P<split>train|test)_(?P<number>\d{4,5})(?:_aligned)?\.(?:jpe?g|png)", re.I)


@dataclass(frozen=True)
class Tree:
    """One unpacked copy: `basic`, or the folder that holds `train` and `test`."""

    base: Path
    form: Literal["official", "kaggle"]


def find_trees(root: Path) -> list[Tree]:
    """Copies at most four levels below a root, the official form first."""
    bases = find_bases(root, lambda below: _is_official(below) or _is_kaggle(below))
    bases = [base for base in bases if not is_compound(base)]
    official = [base for base in bases if _is_official(subfolders(base))]
    rest = [Tree(base, "kaggle") for base in bases if base not in official]
    return [*(Tree(base, "official") for base in official), *rest]


def is_compound(base: Path) -> bool:
    """Whether a folder is the official other set, whose codes 1 to 11 mean pairs of expressions."""
    return base.resolve().name.casefold() == "compound"


def image_folder(tree: Tree, images: Images) -> Path | None:
    """`Image/aligned` or `Image/original` of the official form, if it is unpacked."""
    above = child(tree.base, "Image")
    found = None if above is None else child(above, images)
    if found is not None:
        found = child(found, images) or found  # an archive unpacked into its own folder
    return found


def label_list(tree: Tree) -> Path | None:
    """The official list of labels, in either spelling."""
    folder = child(tree.base, "EmoLabel")
    if folder is None:
        return None
    files = {path.name.casefold(): path for path in list_folder(folder, folder).files}
    return next((files[name] for name in LISTS if name in files), None)


def stray(root: Path) -> Iterator[str]:
    """Hints why a folder is not this dataset."""
    names = {path.name.casefold() for path in subfolders(root)}
    name = root.resolve().name
    if names & {"aligned", "original"} or name in ("aligned", "original", "EmoLabel", "Image"):
        yield f"{name} is a part of it: give the folder that holds Image and EmoLabel"
    elif names and names <= {str(code) for code in LABELS}:
        yield f"{name} is one half of it: give the folder that holds train and test"
    if is_compound(root) or "compound" in names:
        yield "compound labels are not read: give the folder that holds basic"
    yield from obstacles(root)


def _is_official(below: Sequence[Path]) -> bool:
    names = {path.name.casefold(): path for path in below}
    inner = subfolders(names["image"]) if "image" in names else []
    return "emolabel" in names or any(p.name.casefold() in ("aligned", "original") for p in inner)


def _is_kaggle(below: Sequence[Path]) -> bool:
    codes = {str(code) for code in LABELS}
    halves = [path for path in below if path.name.casefold() in SPLITS]
    inner = [{path.name for path in subfolders(half)} for half in halves]
    return bool(inner) and all(names & codes and "".join(names).isdecimal() for names in inner)
