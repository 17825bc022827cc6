"""DFEW's annotation.xlsx: its single labels, to be held against the fold lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from irfer_bench.api import (
    Assigned,
    DamagedError,
    Notes,
    clip_number,
    read_sheet,
    relative,
    unread_sheet,
)
from irfer_datasets.dfew.lists import NATIVE

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
