"""Layout of RAF-DB on disk as a table: the official `basic` folder, and the Kaggle form.

`basic/Image/{aligned,original}/train_00001_aligned.jpg` with `basic/EmoLabel/
list_patition_label.txt` (sic; the corrected spelling circulates), or
`DATASET/{train,test}/{1..7}/train_00001_aligned.jpg` with `{train,test}_labels.csv` in it, or
beside it as in the copy on Kaggle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from irfer_bench.api import DatasetCopy, Matches, Patterns, find_copies, top_folders

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
_NAME = r"(?P<split>train|test)_(?P<number>\d{4,5})(?:_aligned)?\.(?:jpe?g|png)"
NAME = re.compile(_NAME, re.I)
TABLE = Patterns(
    {
        "aligned": rf"image/aligned//{_NAME}",
        "original": rf"image/original//{_NAME}",
        "list": r"emolabel/list_par?tition_label\.txt",
        "sorted": rf"(?P<half>train|test)/(?P<code>\d+)/{_NAME}",
        "table": r"(?P<half>train|test)_labels\.csv",
    },
    names=("basic", "Image", "EmoLabel", "aligned", "original", *SPLITS),
)


FORMS = {"official": ("aligned", "original", "list"), "kaggle": ("sorted",)}


def find_trees(found: Matches) -> list[DatasetCopy]:
    """Copies under a root, the official form first; the compound set is none.

    Its codes 1 to 11 mean pairs of expressions.
    """
    root = found.tree.root.resolve().name
    return [copy for copy in find_copies(found, FORMS) if not is_compound(copy.base or root)]


def is_compound(base: str) -> bool:
    """Whether a folder is the official other set."""
    return base.rpartition("/")[2].casefold() == "compound"


def stray(root: Path, found: Matches) -> list[str]:
    """Hints why a folder is not this dataset."""
    hints = []
    below = top_folders(found)
    name = root.resolve().name
    if below & {"aligned", "original"} or name in ("aligned", "original", "EmoLabel", "Image"):
        hints.append(f"{name} is a part of it: give the folder that holds Image and EmoLabel")
    elif below and below <= {str(code) for code in LABELS}:
        hints.append(f"{name} is one half of it: give the folder that holds train and test")
    if is_compound(name) or "compound" in below:
        hints.append("compound labels are not read: give the folder that holds basic")
    return hints
