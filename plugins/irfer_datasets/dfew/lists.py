"""DFEW's fold lists in their three spellings, and whether their labels start at one or zero."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irfer_bench.api import DamagedError
from irfer_datasets.annotations import open_annotation
from irfer_datasets.clip_files import clip_number
from irfer_datasets.fold_lists import FoldList, Row, Side
from irfer_datasets.labels import canonical
from irfer_datasets.problems import Notes
from irfer_datasets.tree import list_folder, relative, subfolders

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The official order: labels 1 to 7 (0 in the annotation sheet: no single label)."""
Style = Literal["official", "prefixed", "release"]
_STYLES: Mapping[Style, re.Pattern[str]] = {
    "official": re.compile(r"(train|test)[^/]*/set_([1-5])\.csv", re.IGNORECASE),
    "prefixed": re.compile(r"(?:[^/]*/)?(train|test)_set_([1-5])\.csv", re.IGNORECASE),
    "release": re.compile(r"(?:[^/]*/)?single_(train|test)_?set_([1-5])\.csv", re.IGNORECASE),
}
"""EmoLabel_DataSplit/test(single-labeled)/set_1.csv; the re-export; label/single_testset_1.csv."""
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
    side: Side
    name: str
    rows: tuple[RawRow, ...]


def find_lists(folders: Iterable[Path], base: Path) -> dict[Style, dict[tuple[Side, int], Path]]:
    """Fold lists by spelling, in these folders and one level below; links stay inside `base`."""
    found: dict[Style, dict[tuple[Side, int], Path]] = {}
    for folder in folders:
        for place in (folder, *subfolders(folder)):
            for path in list_folder(place, base).files:
                for style, pattern in _STYLES.items():
                    match = pattern.fullmatch(f"{place.name}/{path.name}")
                    if match is not None:
                        side: Side = "test" if match[1].casefold() == "test" else "train"
                        found.setdefault(style, {}).setdefault((side, int(match[2])), path)
    return {style: found[style] for style in _STYLES if style in found}


def read_lists(
    paths: Mapping[tuple[Side, int], Path], numbering: str, seen: Notes
) -> list[FoldList]:
    """Lists with canonical labels; the numbering is derived from all folds together.

    Problems: `bad_row` (a list or a row that cannot be read), `unknown_label` (outside the range,
    or an ambiguous numbering), `numbering` (derived from the lists' names), `encoding`.
    """
    raw = []
    for (side, fold), path in sorted(paths.items(), key=lambda entry: entry[0]):
        try:
            raw.append(RawList(fold, side, relative(path, seen.root), tuple(_rows(path, seen))))
        except DamagedError as error:
            seen.note("bad_row", path, f"{error.message}; nothing of it is used")
    first = _first_label(raw, numbering, seen)
    return [
        FoldList(entry.fold, entry.side, entry.name, tuple(_named(entry, first, seen)))
        for entry in raw
    ]


def _rows(path: Path, seen: Notes) -> Iterator[RawRow]:
    table = open_annotation(path, seen.root)
    seen.problems.extend(table.problems())
    for line, row in table.records(("video_name", "label")):
        clip, label = clip_number(row["video_name"]), row.get("label", "")
        if clip is None or not label:
            action = (
                f"line {line}: {','.join(row.values())!r} is no clip number and label; left out"
            )
            seen.note("bad_row", table.name, action)
        else:
            yield RawRow(clip, label, line)


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
    if all(_STYLES["official"].fullmatch("/".join(e.name.split("/")[-2:])) for e in lists):
        action = f"labels {min(used)} to {max(used)} under the official names: 1 is happiness"
        seen.note("numbering", lists[0].name, action)
        return 1
    action = _AMBIGUOUS.format(low=min(used), high=max(used))
    seen.note("unknown_label", lists[0].name, action)
    return None


def _named(entry: RawList, first: int | None, seen: Notes) -> Iterator[Row]:
    for row in entry.rows:
        number = _integer(row.label)
        if number is None:
            label = canonical(row.label)
        elif first is None or (first == 1 and number == 0):
            yield Row(row.clip, None, row.line)
            continue
        else:
            label = NATIVE[number - first] if 0 <= number - first < len(NATIVE) else None
        if label is None or label not in NATIVE:
            known = "names" if first is None else f"{first} to {first + 6}"
            action = f"line {row.line}: {row.clip} has label {row.label!r}, known are {known}"
            seen.note("unknown_label", entry.name, f"{action}; left out")
        else:
            yield Row(row.clip, label, row.line)


def _integer(text: str) -> int | None:
    match = re.fullmatch(r"(-?\d{1,3})(?:\.0*)?", text)
    return int(match[1]) if match else None
