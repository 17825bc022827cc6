"""The label that ten votes give, and the files of votes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import Annotation, Notes, open_annotation
from irfer_datasets.ferplus.layout import NATIVE, SPLITS, VOTES

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
