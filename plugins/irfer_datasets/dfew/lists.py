"""DFEW's fold lists in their four spellings, and whether their labels start at one or zero."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from irfer_bench.api import (
    Annotation,
    FoldList,
    FoldPaths,
    Notes,
    name_labels,
    numbered_list_rows,
    read_fold_lists,
)

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The official order: labels 1 to 7."""
_OFFICIAL = re.compile(r"(?:.*/)?(?:train|test)[^/]*/set_[1-5]\.csv", re.IGNORECASE)
_AMBIGUOUS = (
    "labels {low} to {high} in all folds fit the official numbering (1 to 7) and the "
    "re-export's (0 to 6): none is used; say -p dfew.numbering=one or zero"
)


def read_lists(paths: FoldPaths, style: str, numbering: str, seen: Notes) -> list[FoldList]:
    """Lists with canonical labels; the numbering is derived from all folds together.

    Problems: `bad_row` (a list or a row that cannot be read), `unknown_label` (outside the range,
    or an ambiguous numbering), `numbering` (derived from the lists' names), `encoding`.
    """
    lists = read_fold_lists(paths, numbered_list_rows if style == "numbered" else _cells, seen)
    first = _first_label(lists, numbering, seen)
    if first is None:
        return []

    def label(text: str) -> str | None:
        number = _integer(text)
        known = number is not None and 0 <= number - first < len(NATIVE)
        return NATIVE[number - first] if number is not None and known else None

    return name_labels(lists, label, lambda _: f"known are {first} to {first + 6}", seen)


def _cells(table: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    for line, row in table.records(("video_name", "label")):
        yield line, (row["video_name"], row.get("label", ""))


def _first_label(lists: Sequence[FoldList], numbering: str, seen: Notes) -> int | None:
    """The number of the first class, 1 or 0; None where it is ambiguous.

    Where all labels fit both, as in a small copy, lists under the official names count from 1: the
    re-export that counts from 0 (S2D's) has names of its own.
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


def _integer(text: str) -> int | None:
    match = re.fullmatch(r"(\d{1,3})(?:\.0*)?", text)  # pandas writes 1.0
    return int(match[1]) if match else None
