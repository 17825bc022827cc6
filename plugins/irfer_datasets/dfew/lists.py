"""DFEW's fold lists in their three spellings, and whether their labels start at one or zero."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import (
    Annotation,
    Assigned,
    DamagedError,
    FoldList,
    ListedClip,
    ListSide,
    Notes,
    canonical,
    clip_number,
    numbered_list_rows,
    open_annotation,
    read_sheet,
    relative,
    unread_sheet,
)

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The official order: labels 1 to 7 (0 in the annotation sheet: no single label)."""
_OFFICIAL = re.compile(r"(?:.*/)?(?:train|test)[^/]*/set_[1-5]\.csv", re.IGNORECASE)
_AMBIGUOUS = (
    "labels {low} to {high} in all folds fit the official numbering (1 to 7) and the "
    "re-export's (0 to 6): none is used; say -p dfew.numbering=one or zero"
)


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
            rows = tuple(_rows(path, style, seen))
            raw.append(FoldList(fold, side, relative(path, seen.root), rows))
        except DamagedError as error:
            seen.note("bad_row", path, f"{error.message}; nothing of it is used")
    first = _first_label(raw, numbering, seen)
    return [replace(entry, rows=tuple(_named(entry, first, seen))) for entry in raw]


def _rows(path: Path, style: str, seen: Notes) -> Iterator[ListedClip]:
    """Rows with their labels as written."""
    table = open_annotation(path, seen.root)
    seen.problems.extend(table.problems())
    for line, cells in numbered_list_rows(table) if style == "numbered" else _cells(table):
        clip, label = clip_number(cells[0]), cells[1]
        if clip is None or not label:
            action = f"line {line}: {','.join(cells)!r} is no clip number and label; left out"
            seen.note("bad_row", table.name, action)
        else:
            yield ListedClip(clip, label, line)


def _cells(table: Annotation) -> Iterator[tuple[int, tuple[str, str]]]:
    for line, row in table.records(("video_name", "label")):
        yield line, (row["video_name"], row.get("label", ""))


def _first_label(lists: Sequence[FoldList], numbering: str, seen: Notes) -> int | None:
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


def _named(entry: FoldList, first: int | None, seen: Notes) -> Iterator[ListedClip]:
    for row in entry.rows:
        number = _integer(row.label)
        if number is None:
            label = canonical(row.label or "")
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


def _integer(text: str | None) -> int | None:
    match = re.fullmatch(r"(-?\d{1,3})(?:\.0*)?", text or "")
    return int(match[1]) if match else None


MAJORITY = 6
"""A clip has a single label where more than six of ten annotators agree."""
_VOTES = ("happ", "sad", "neu", "ang", "sur", "dis", "fea")
_IDS = ("clip_name", "clip", "video_name", "video", "order")


def read_labels(path: Path, seen: Notes) -> dict[str, str | None]:
    """The single label of every clip in the sheet, None where it has none; empty if unreadable.

    Columns are found by parts of their names, because two headers circulate.
    """
    name = relative(path, seen.root)
    problem = unread_sheet(path, seen.root)
    if problem is not None:
        seen.problems.append(problem)
        return {}
    try:
        rows = read_sheet(path, seen.root)
    except DamagedError as error:
        seen.note("unread_sheet", name, f"{error.message}; labels are not compared with it")
        return {}
    columns = list(rows[0]) if rows else []
    ids = next((column for column in _IDS if column in columns), None)
    votes = [next((c for c in columns if part in c), None) for part in _VOTES]
    if ids is None or ("annotation" not in columns and None in votes):
        action = f"columns {', '.join(columns) or 'none'} name no clip or no label; not compared"
        seen.note("unread_sheet", name, action)
        return {}
    labels = {}
    for row in rows:
        clip = clip_number(row.get(ids, ""))
        if clip is not None:
            labels[clip] = _label(row, [column or "" for column in votes])
    return labels


def compare(
    name: str, sheet: Mapping[str, str | None], lists: Mapping[str, Assigned], seen: Notes
) -> None:
    """`label_mismatch` for every clip to which sheet and lists give other labels."""
    for clip, entry in lists.items():
        if clip in sheet and sheet[clip] != entry.label:
            what = f"{clip} is {sheet[clip] or 'without a single label'} here"
            action = f"{what} and {entry.label} in the fold lists, which are used"
            seen.note("label_mismatch", name, action)


def _label(row: Mapping[str, str], votes: list[str]) -> str | None:
    given = row.get("annotation", "")
    if given.isdecimal():
        number = int(given)
        return NATIVE[number - 1] if 1 <= number <= len(NATIVE) else None
    counts = [int(text) if (text := row.get(column, "")).isdecimal() else 0 for column in votes]
    return NATIVE[counts.index(max(counts))] if max(counts) > MAJORITY else None
