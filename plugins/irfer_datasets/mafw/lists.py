"""MAFW's fold lists: with captions or without, single or compound, and one numbered re-export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from irfer_bench.api import DamagedError
from irfer_datasets.annotations import open_annotation
from irfer_datasets.clip_files import clip_number
from irfer_datasets.fold_lists import FOLDS, FoldList, Row, Side
from irfer_datasets.labels import nearest
from irfer_datasets.mafw.labels import NUMBERED, compound, single
from irfer_datasets.mafw.layout import Tree
from irfer_datasets.problems import Notes
from irfer_datasets.tree import list_folder, relative, subfolders

Labelling = Literal["single", "compound"]
Style = Literal["no_caption", "with_caption", "numbered"]
Paths = dict[tuple[Side, int], Path]
STYLES: tuple[Style, ...] = ("no_caption", "with_caption", "numbered")
"""In the order of preference: captions leave out neutral, numbers are a re-export."""
_NUMBERED = re.compile(r"MAFW_set_([1-5])_(train|test)(_faces)?\.txt", re.IGNORECASE)


@dataclass
class Found:
    """Lists of one labelling by their style, and files beside them that cannot be trusted."""

    lists: dict[Style, Paths] = field(default_factory=dict)
    unknown: list[Path] = field(default_factory=list)


def find_lists(tree: Tree, labelling: Labelling) -> Found:
    """Where the lists are: `<folder>/single/no_caption/set_1/test.txt`, or MAFW_set_1_test.txt."""
    found = Found()
    for folder in tree.lists:
        for path in subfolders(folder):
            for place in subfolders(path) if path.name.casefold() == labelling else ():
                for style in STYLES[:2]:
                    if place.name.casefold() == style:
                        _add_folds(place, tree.base, style, found)
    if labelling == "single":
        for folder in (*tree.lists, tree.base):
            _add_numbered(folder, tree.base, found)
    found.lists = {style: found.lists[style] for style in STYLES if style in found.lists}
    return found


def read_lists(
    paths: Mapping[tuple[Side, int], Path],
    style: Style,
    labelling: Labelling,
    seen: Notes,
) -> list[FoldList]:
    """Lists with canonical labels.

    Problems: `bad_row` (a list or a row that cannot be read), `unknown_label` (no emotion, or an
    integer without a known order), `encoding`.
    """
    lists = []
    for (side, fold), path in sorted(paths.items(), key=lambda entry: entry[0]):
        name = relative(path, seen.root)
        try:
            rows = tuple(_rows(path, style, labelling, seen))
        except DamagedError as error:
            seen.note("bad_row", name, f"{error.message}; nothing of it is used")
            rows = ()
        lists.append(FoldList(fold, side, name, rows))
    return lists


def compare_captions(lists: Sequence[FoldList], captioned: Sequence[FoldList], seen: Notes) -> None:
    """`label_mismatch` where the list with captions gives a clip another label."""
    for plain in lists:
        labels = {row.clip: row.label for row in plain.rows}
        for entry in captioned:
            if (entry.side, entry.fold) != (plain.side, plain.fold):
                continue
            for row in entry.rows:
                if labels.get(row.clip, row.label) != row.label:
                    what = f"line {row.line}: {row.clip} is {row.label} here"
                    action = f"{what} and {labels[row.clip]} in {plain.name}, which is used"
                    seen.note("label_mismatch", entry.name, action)


def _rows(path: Path, style: Style, labelling: Labelling, seen: Notes) -> Iterator[Row]:
    text = open_annotation(path, seen.root)
    seen.problems.extend(text.problems())
    for line, row in text.lines():
        fields = [part.strip() for part in row.split("\t")] if "\t" in row else row.split()
        if style == "numbered":
            fields = row.rsplit(maxsplit=2)[::2]
        known = len(fields) >= 2 and (style == "with_caption" or len(fields) == 2)
        clip = clip_number(PurePosixPath(fields[0].replace("\\", "/")).name) if known else None
        if clip is None:
            action = f"line {line}: {row[:40]!r} is no clip and label; left out"
            seen.note("bad_row", text.name, action)
            continue
        label = _label(fields[1], style, labelling)
        if label is None:
            action = f"line {line}: {clip} has label {fields[1]!r}; {_advice(fields[1], style)}"
            seen.note("unknown_label", text.name, action)
        else:
            yield Row(clip, label, line)


def _label(text: str, style: Style, labelling: Labelling) -> str | None:
    if style == "numbered":
        known = text.isdecimal() and int(text) < len(NUMBERED)
        return NUMBERED[int(text)] if known else None
    return single(text) if labelling == "single" else compound(text)


def _advice(text: str, style: Style) -> str:
    if style == "numbered":
        return "these lists count from 0 to 10"
    if text.isdecimal():
        return "three orders of integers circulate: restore the official list with names"
    return nearest(text)


def _add_folds(place: Path, base: Path, style: Style, found: Found) -> None:
    folders = {path.name.casefold(): path for path in subfolders(place)}
    for fold in FOLDS:
        if f"set_{fold}" in folders:
            _add_set(folders[f"set_{fold}"], base, fold, style, found)


def _add_set(folder: Path, base: Path, fold: int, style: Style, found: Found) -> None:
    for path in list_folder(folder, base).files:
        name = path.name.casefold()
        if name in ("train.txt", "test.txt"):
            side: Side = "test" if name == "test.txt" else "train"
            found.lists.setdefault(style, {}).setdefault((side, fold), path)
        else:
            found.unknown.append(path)


def _add_numbered(folder: Path, base: Path, found: Found) -> None:
    matches = [(path, _NUMBERED.fullmatch(path.name)) for path in list_folder(folder, base).files]
    # Those of whole clips come first: the `_faces` lists say the same.
    for path, match in sorted(matches, key=lambda entry: len(entry[0].name)):
        if match is not None:
            side: Side = "test" if match[2].casefold() == "test" else "train"
            lists = found.lists.setdefault("numbered", {})
            lists.setdefault((side, int(match[1])), path)
