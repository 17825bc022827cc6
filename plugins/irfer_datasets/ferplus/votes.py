"""The label that ten votes give, and the files of votes.

Layout of FER+ on disk as a table: folders of images, or the pixels of FER-2013 in a CSV file.

The repository of FER+ has `fer2013new.csv`, ten votes per image in the order of FER-2013's
`fer2013.csv`, and `data/FER2013{Train,Valid,Test}/label.csv`, votes by the names of images that
its script writes into these folders. The two are editions of the votes that give 392 images other
labels; `fer2013new.csv` is preferred. Kaggle's later file of the pixels is `icml_face_data.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import (
    Annotation,
    DatasetCopy,
    Matches,
    Notes,
    Patterns,
    find_copies,
    open_annotation,
)

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
        "sorted": r"(?:angry|disgust)/.+\.(?:png|jpe?g)",
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


NO_MAJORITY, UNKNOWN, NO_FACE = "no majority", "unknown", "no face"


@dataclass(frozen=True, slots=True)
class Voted:
    """One row of votes.

    Args:
        name: of the image, empty where the distributor left the image out. split: empty where the
            row does not say it. label: or why there is none.
    """

    name: str
    split: str
    label: str


def decide(votes: Sequence[int]) -> str:
    """The class with more than half of the votes, single votes not counted; else why not.

    Majority voting of Barsoum et al., ICMI 2016, as their code does it: a class with a single
    vote has none.
    """
    kept = [count if count > 1 else 0 for count in votes]
    best = max(kept)
    if 2 * best <= sum(kept):
        return NO_MAJORITY
    winner = kept.index(best)
    return NATIVE[winner] if winner < len(NATIVE) else (UNKNOWN, NO_FACE)[winner - len(NATIVE)]


def read_votes(path: Path, seen: Notes) -> list[Voted]:
    """All rows of `fer2013new.csv` in their order, which is that of the pixels.

    Raises:
        DamagedError: a column is missing.
    """
    table = open_annotation(path, seen.root)
    seen.problems.extend(table.problems())
    rows = []
    for line, row in table.records(("usage", "image name", *VOTES)):
        votes = _integers([row.get(column, "") for column in VOTES])
        split = SPLITS.get(row["usage"].casefold(), "")
        if votes is None or not split:
            _refuse(table, line, row.get("image name", ""), seen)
            rows.append(Voted("", "", NO_MAJORITY))  # keeps its place among the pixels
        else:
            name = row["image name"].rpartition(".")[0].casefold()
            rows.append(Voted(name, split, decide(votes)))
    return rows


def read_list(path: Path, split: str, seen: Notes) -> Iterator[Voted]:
    """Rows of a folder's `label.csv`: a name, perhaps a box, ten votes; without a header.

    Raises:
        DamagedError: a quoted cell never ends.
    """
    table = open_annotation(path, seen.root)
    seen.problems.extend(table.problems())
    for line, cells in table.rows():
        votes = _integers(cells[-len(VOTES) :]) if len(cells) > len(VOTES) else None
        if votes is None:
            _refuse(table, line, cells[0], seen)
        else:
            yield Voted(cells[0].rpartition(".")[0].casefold(), split, decide(votes))


def _refuse(table: Annotation, line: int, name: str, seen: Notes) -> None:
    what = f"line {line}: {name[:40]!r} has no ten votes and a known use; left out"
    seen.note("bad_row", table.name, what)


def _integers(cells: Sequence[str]) -> list[int] | None:
    if len(cells) != len(VOTES) or not all(cell.isdecimal() for cell in cells):
        return None
    return [int(cell) for cell in cells]
