"""DFEW's fold lists in their three spellings, and whether their labels start at one or zero."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.api import (
    Annotation,
    DamagedError,
    FoldList,
    ListedClip,
    ListSide,
    Notes,
    canonical,
    clip_number,
    numbered_list_rows,
    open_annotation,
    relative,
)

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The official order: labels 1 to 7 (0 in the annotation sheet: no single label)."""
_OFFICIAL = re.compile(r"(?:.*/)?(?:train|test)[^/]*/set_[1-5]\.csv", re.IGNORECASE)
_AMBIGUOUS = (
    "labels {low} to {high} in all folds fit the official numbering (1 to 7) and the "
    "re-export's (0 to 6): none is used; say -p dfew.numbering=one or zero"
)


@dataclass(frozen=True)
class RawRow:
    """A row as written: the number, or the name, that stands for the label."""

    clip: str
    label: str
    line: int


@dataclass(frozen=True)
class RawList:
    """One fold list as written."""

    fold: int
    side: ListSide
    name: str
    rows: tuple[RawRow, ...]


def read_lists(
    paths: Mapping[tuple[ListSide, int], Path], style: str, numbering: str, seen: Notes
) -> list[FoldList]:
    """Lists with canonical labels; the numbering is derived from all folds together.

    Problems: `bad_row` (a list or a row that cannot be read), `unknown_label` (outside the range,
    or an ambiguous numbering), `numbering` (derived from the lists' names), `encoding`.
    """
    raw = []
    for (side, fold), path in sorted(paths.items(), key=lambda entry: entry[0]):
        try:
            raw.append(
                RawList(fold, side, relative(path, seen.root), tuple(_rows(path, style, seen)))
            )
        except DamagedError as error:
            seen.note("bad_row", path, f"{error.message}; nothing of it is used")
    first = _first_label(raw, numbering, seen)
    return [
        FoldList(entry.fold, entry.side, entry.name, tuple(_named(entry, first, seen)))
        for entry in raw
    ]


def _rows(path: Path, style: str, seen: Notes) -> Iterator[RawRow]:
    table = open_annotation(path, seen.root)
    seen.problems.extend(table.problems())
    for line, cells in numbered_list_rows(table) if style == "numbered" else _cells(table):
        clip, label = clip_number(cells[0]), cells[1]
        if clip is None or not label:
            action = f"line {line}: {','.join(cells)!r} is no clip number and label; left out"
            seen.note("bad_row", table.name, action)
        else:
            yield RawRow(clip, label, line)


def _cells(table: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    for line, row in table.records(("video_name", "label")):
        yield line, (row["video_name"], row.get("label", ""))


def _first_label(lists: Sequence[RawList], numbering: str, seen: Notes) -> int | None:
    """The number of the first class, 1 or 0; None where it is ambiguous.

    Where all labels fit both, as in a small copy, lists under the official names count from 1: the
    re-export that counts from 0 has names of its own.
    """
    if numbering != "auto":
        return int(numbering == "one")
    used = {n for entry in lists for row in entry.rows if (n := _integer(row.label)) is not None}
    if not used or 7 in used:
        return 1
    if 0 in used:
        return 0
    if all(_OFFICIAL.fullmatch(entry.name) for entry in lists):
        action = f"labels {min(used)} to {max(used)} under the official names: 1 is happiness"
        seen.note("numbering", lists[0].name, action)
        return 1
    action = _AMBIGUOUS.format(low=min(used), high=max(used))
    seen.note("unknown_label", lists[0].name, action)
    return None


def _named(entry: RawList, first: int | None, seen: Notes) -> Iterator[ListedClip]:
    for row in entry.rows:
        number = _integer(row.label)
        if number is None:
            label = canonical(row.label)
        elif first is None or (first == 1 and number == 0):
            yield ListedClip(row.clip, None, row.line)
            continue
        else:
            label = NATIVE[number - first] if 0 <= number - first < len(NATIVE) else None
        if label is None or label not in NATIVE:
            known = "names" if first is None else f"{first} to {first + 6}"
            action = f"line {row.line}: {row.clip} has label {row.label!r}, known are {known}"
            seen.note("unknown_label", entry.name, f"{action}; left out")
        else:
            yield ListedClip(row.clip, label, row.line)


def _integer(text: str) -> int | None:
    match = re.fullmatch(r"(-?\d{1,3})(?:\.0*)?", text)
    return int(match[1]) if match else None
