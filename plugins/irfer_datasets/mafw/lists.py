"""MAFW's classes and fold lists: single or compound, with captions or without, or numbered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

from irfer_bench.api import (
    CLASSES,
    Annotation,
    DamagedError,
    FoldList,
    ListedClip,
    ListSide,
    Matches,
    Notes,
    VideoSurvey,
    canonical,
    clip_number,
    find_fold_lists,
    nearest,
    numbered_list_rows,
    open_annotation,
    relative,
)

_REST = ("contempt", "anxiety", "helplessness", "disappointment")
NATIVE = ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise", *_REST)
"""The paper's order."""
NUMBERED = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear", *_REST)
"""Integers 0 to 10 of the lists `MAFW_set_1_train.txt`; other lists count otherwise."""
_JOINED = """
anger_anxiety anger_disgust anger_disgust_anxiety anger_disgust_contempt anger_helplessness
anger_sadness anger_surprise anxiety_helplessness anxiety_helplessness_disappointment
disgust_anxiety disgust_anxiety_helplessness disgust_contempt disgust_disappointment
disgust_helplessness disgust_helplessness_disappointment disgust_sadness disgust_surprise
fear_anxiety fear_sadness fear_sadness_anxiety fear_surprise fear_surprise_anxiety
happiness_contempt happiness_surprise helplessness_disappointment sadness_anxiety
sadness_anxiety_helplessness sadness_disappointment sadness_helplessness
sadness_helplessness_disappointment sadness_surprise surprise_anxiety
"""
COMPOUND = (*CLASSES, *_JOINED.split())
"""Eleven single emotions and the 32 combinations that the official compound lists hold."""


def compound(text: str) -> str | None:
    """The canonical name of a combination, whatever the order of its parts, or None."""
    parts = {canonical(part) for part in text.split("_")}
    name = "_".join(label for label in CLASSES if label in parts)
    return name if None not in parts and name in COMPOUND else None


Labelling = Literal["single", "compound"]
Style = Literal["no_caption", "with_caption", "numbered"]
STYLES: tuple[Style, ...] = ("no_caption", "with_caption", "numbered")
"""In the order of preference: captions leave out neutral, numbers are a re-export."""


def find_styles(
    found: Matches, labelling: Labelling, seen: VideoSurvey | None = None
) -> dict[Style, dict[tuple[ListSide, int], Path]]:
    """The lists of one labelling by their style, the preferred first."""
    roles = {f"{labelling}/{style}": style for style in STYLES}
    lists = find_fold_lists(found, [role for role in roles if role in found.roles], seen)
    return {roles[role]: own for role, own in lists.items()}


def read_lists(
    paths: Mapping[tuple[ListSide, int], Path],
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


def _rows(path: Path, style: Style, labelling: Labelling, seen: Notes) -> Iterator[ListedClip]:
    text = open_annotation(path, seen.root)
    seen.problems.extend(text.problems())
    for line, fields in numbered_list_rows(text) if style == "numbered" else _fields(text):
        known = len(fields) >= 2 and (style == "with_caption" or len(fields) == 2)
        clip = clip_number(PurePosixPath(fields[0].replace("\\", "/")).name) if known else None
        if clip is None:
            action = f"line {line}: {' '.join(fields)[:40]!r} is no clip and label; left out"
            seen.note("bad_row", text.name, action)
            continue
        label = _label(fields[1], style, labelling)
        if label is None:
            action = f"line {line}: {clip} has label {fields[1]!r}; {_advice(fields[1], style)}"
            seen.note("unknown_label", text.name, action)
        else:
            yield ListedClip(clip, label, line)


def _fields(text: Annotation) -> Iterator[tuple[int, Sequence[str]]]:
    for line, row in text.lines():
        yield line, [part.strip() for part in (row.split("\t") if "\t" in row else row.split())]


def _label(text: str, style: Style, labelling: Labelling) -> str | None:
    if style == "numbered":
        known = text.isdecimal() and int(text) < len(NUMBERED)
        return NUMBERED[int(text)] if known else None
    return canonical(text) if labelling == "single" else compound(text)


def _advice(text: str, style: Style) -> str:
    if style == "numbered":
        return "these lists count from 0 to 10"
    if text.isdecimal():
        return "three orders of integers circulate: restore the official list with names"
    return nearest(text)
