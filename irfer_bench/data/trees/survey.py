"""Problems found while a dataset is read."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar, TypeVar

from irfer_bench.contracts.values import Item, Problem
from irfer_bench.data.trees.walk import Listing, few, inside, list_folder
from irfer_bench.data.trees.walk import shown as printable

OTHERS_USED = "the others are used, results are marked incomplete"

Key = TypeVar("Key")
Row = TypeVar("Row")

LONGEST = 1024
"""Characters of a path in a list; none of a file is longer than four times that in bytes."""


@dataclass
class Notes:
    """Problems in the order found; beyond `limit` of a kind only their number is kept.

    Args:
        root: paths are recorded relative to it.
    """

    root: Path = Path()
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter, init=False, repr=False)
    copies: set[str] = field(default_factory=set, init=False, repr=False)
    limit: ClassVar[int] = sys.maxsize
    """Problems of one kind about one thing that are listed one by one; the rest are counted."""
    more: ClassVar[str] = "and {} more of this kind"

    def note(self, kind: str, place: Path | str, action: str, *, group: str = "") -> None:
        """Record a problem; problems are counted per `group`, by default the place itself."""
        path = place if isinstance(place, str) else relative(place, self.root)
        about = kind, group or path
        self.counts[about] += 1
        if self.counts[about] <= self.limit:
            self.problems.append(Problem(kind, path, action))

    def first(
        self, known: dict[Key, str], key: Key, path: str, *, base: str = "", group: str = "",
        kind: str = "duplicate_file",
    ) -> bool:
        """Whether a path is the first of its key, and then `known`; another is noted.

        Another copy of the dataset, at `base`, is noted once (`second_tree`).
        """  # fmt: skip
        other = known.setdefault(key, path)
        if other == path:
            return True
        if not base or other.startswith(f"{base}/"):
            self.note(kind, path, f"not read; {other} is; remove one", group=group)
        elif base not in self.copies:
            self.copies.add(base)
            action = "what it holds twice is read from another folder; remove one copy"
            self.note("second_tree", base, action)
        return False

    def close(self) -> None:
        """Add one line per kind with the number of problems that were only counted."""
        for (kind, about), count in self.counts.items():
            if count > self.limit:
                self.problems.append(Problem(kind, about, self.more.format(count - self.limit)))

    def unique(self) -> list[Problem]:
        """Each problem once."""
        return list(dict.fromkeys(self.problems))

    def look(self, folder: Path) -> Listing:
        """A folder's content; entries that cannot be read are noted."""
        listing = list_folder(folder, self.root)
        self.problems.extend(listing.problems)
        return listing


@dataclass
class Survey(Notes):
    """Problems, and the items that one walk over a root found."""

    items: list[Item] = field(default_factory=list)


@dataclass
class LargeSurvey(Survey):
    """Of a hundred thousand files: lists at most 500 problems of a kind and counts the rest."""

    limit: ClassVar[int] = 500
    more: ClassVar[str] = "and {:,} more of this kind"

    def note(self, kind: str, place: Path | str, action: str, *, group: str = ".") -> None:
        """Record a problem; beyond `limit` of its kind it is only counted."""
        super().note(kind, place, action, group=group)


@dataclass
class VideoSurvey(Survey):
    """Of thousands of clips: lists at most 20 problems of a kind about one thing."""

    limit: ClassVar[int] = 20


class RefusedRowError(Exception):
    """A row that is refused: the problem's kind, and what the user can do."""

    def __init__(self, kind: str, action: str) -> None:
        super().__init__(kind, action)
        self.kind = kind
        self.action = action


def read_rows(
    records: Iterable[Mapping[str, str]],
    make: Callable[[Mapping[str, str]], Row],
    manifest: str,
    seen: Notes,
) -> list[Row]:
    """The rows that `make` makes of a user's manifest, each `path` once; refused ones are noted.

    Rows whose paths lead elsewhere (another machine's) are one line.
    """
    rows: dict[str, Row] = {}
    outside: list[tuple[str, str]] = []
    for number, record in enumerate(records, start=1):
        where = f"{manifest} row {number}"
        given = record.get("path", "").replace("\\", "/")
        path = PurePosixPath(given).as_posix() if given else ""
        try:
            row = make(record)
            if path in rows:
                raise RefusedRowError("duplicate_id", "is listed twice; remove one row")
            rows[path] = row
        except RefusedRowError as refused:
            action = f"{where}: {refused.action}"
            if refused.kind == "outside_root":
                outside.append((path, action))
            else:
                seen.note(refused.kind, path or where, action)
    if outside:
        path, action = outside[0]
        more = f"; so do those of {len(outside) - 1:,} more rows" if len(outside) > 1 else ""
        seen.note("outside_root", path, action + more)
    return list(rows.values())


def path_below(given: str, root: Path, top: str = "root") -> str:
    """A path of a list, with forward slashes; `top` names where paths begin, for messages.

    Raises:
        RefusedRowError: it is empty or unprintable (`bad_row`), or leads elsewhere
            (`outside_root`).
    """
    path = PurePosixPath(given.replace("\\", "/"))
    if not given or not given.isprintable() or ";" in given:
        raise RefusedRowError("bad_row", "it has no usable path")
    if len(given) > LONGEST or any(len(part.encode()) > 255 for part in path.parts):
        raise RefusedRowError("bad_row", f"its path of {len(given)} characters is no file's")
    if path.is_absolute() or ".." in path.parts or not inside(root / path, root):
        action = f"{given} leads elsewhere, not from the {top} downwards"
        raise RefusedRowError("outside_root", action)
    return path.as_posix()


def note_gaps(numbers: Sequence[int], folder: Path | str, seen: Notes) -> None:
    """`frame_gap` where numbers between 0 and the last one are missing."""
    gaps = sorted(set(range(max(numbers, default=-1) + 1)).difference(numbers))
    if gaps:
        missing = few(f"{gap:03d}" for gap in gaps)
        seen.note("frame_gap", folder, f"frames {missing} are missing; the others are used")


def relative(path: Path, root: Path) -> str:
    """A path below the root with forward slashes; undecodable bytes are shown escaped."""
    return printable(path.relative_to(root).as_posix())
