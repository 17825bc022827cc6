"""Layout of FER+ on disk as a table: folders of images, or the pixels of FER-2013 in a CSV file.

The repository of FER+ has `fer2013new.csv`, ten votes per image in the order of FER-2013's
`fer2013.csv`, and `data/FER2013{Train,Valid,Test}/label.csv`, votes by the names of images that
its script writes into these folders. The two are editions of the votes that give 392 images other
labels; `fer2013new.csv` is preferred. Kaggle's later file of the pixels is `icml_face_data.csv`.
"""

from __future__ import annotations

from collections.abc import Mapping

from irfer_bench.api import DatasetCopy, Matches, Patterns, find_copies, top_folders

SPLITS: Mapping[str, str] = {"training": "train", "publictest": "val", "privatetest": "test"}
"""By the column `Usage`."""
HALVES: Mapping[str, str] = {"train": "train", "valid": "val", "test": "test"}
"""By the end of a folder's name."""
NATIVE = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
"""The official order of the votes; `unknown` and `NF` (no face) follow."""
VOTES = (*NATIVE, "unknown", "nf")
_HALF = "FER2013(?P<half>Train|Valid|Test)"
_FOLDERS = ("FER2013Train", "FER2013Valid", "FER2013Test")
TABLE = Patterns(
    {
        "image": rf"{_HALF}/(?P<name>fer\d{{7}})\.(?:png|jpe?g)",
        "list": rf"{_HALF}/label\.csv",
        "votes": r"fer2013new\.csv",
        "pixels": r"(?:fer2013|icml_face_data)\.csv",
    },
    names=("data", *_FOLDERS),
    holders=("data",),
)
FORMS: Mapping[str, tuple[str, ...]] = {"folders": ("image",), "pixels": ("pixels",)}
"""Roles that tell each form, in the order of preference."""


def usable(found: Matches) -> list[DatasetCopy]:
    """Copies whose images have votes: those of `fer2013new.csv`, or in folders of `label.csv`."""
    votes, lists = found.of("votes"), found.of("list")
    return [
        copy
        for copy in find_copies(found, FORMS)
        if votes or (copy.form == "folders" and any(hit.base == copy.base for hit in lists))
    ]


def flaw(found: Matches) -> str:
    """What a root with something of FER-2013 or FER+ lacks."""
    if found.of("image"):
        return "images of FER-2013 and no votes: neither label.csv beside them nor fer2013new.csv"
    if found.of("pixels"):
        return "fer2013.csv and no fer2013new.csv, whose votes are the labels of FER+"
    return "votes and no images: add fer2013.csv of FER-2013, or the folders of images"


def stray(found: Matches, name: str) -> list[str]:
    """Hints why a folder is not this dataset."""
    folders = {folder.casefold() for folder in _FOLDERS}
    if name.casefold() in folders:
        return [f"{name} is one part of it: give the folder that holds {', '.join(_FOLDERS)}"]
    if {"angry", "disgust", "happy"} <= top_folders(found) | _below(found):
        return ["it is FER-2013 with its own labels: FER+ needs fer2013.csv and fer2013new.csv"]
    return []


def _below(found: Matches) -> set[str]:
    return {folder.rpartition("/")[2].casefold() for folder in found.tree.files}
