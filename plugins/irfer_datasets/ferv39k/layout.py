"""Layout of FERV39k on disk as a table: face crops of clips by scene and expression, and lists.

As distributed: `2_ClipsforFaceCrop/Action/Happy/0015/*.jpg` and `4_setups/All_scenes/{train,
test}_All.csv` with rows such as `Action/Happy/0015 Happy`, as MAE-DFER and four other public
loaders read them. DFER-CLIP brings lists of its own, `FERV39K_train.txt`, with rows `PATH FRAMES
LABEL`. Names of clips come again in each scene and expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from irfer_bench.api import (
    FRAME_PATH,
    Annotation,
    Matches,
    Notes,
    Patterns,
    canonical,
    open_annotation,
)

NATIVE = ("happiness", "sadness", "neutral", "anger", "surprise", "disgust", "fear")
"""The order of public loaders, from 0."""
EXPRESSIONS = ("Happy", "Sad", "Neutral", "Angry", "Surprise", "Disgust", "Fear")
_CLIP = rf"(?P<scene>[^/]+)/(?P<expression>{'|'.join(EXPRESSIONS)})/(?P<clip>\d{{4}})"
TABLE = Patterns(
    {
        "frame": rf"2_ClipsforFaceCrop[^/]*//{_CLIP}/{FRAME_PATH}",
        "official": r"(?P<side>train|test)_All\.csv",
        "numbered": r"FERV39K_(?P<side>train|test)\.txt",
    },
    names=("2_ClipsforFaceCrop", "4_setups", "All_scenes", *EXPRESSIONS),
    holders=("4_setups", "All_scenes", "annotation"),
)
LISTS = ("official", "numbered")
"""Spellings of the lists, in the order of preference."""
Clip = tuple[str, str, str]
"""Scene and expression in lower case, and the number."""
_NAMED = re.compile(rf"(?:.*/)?{_CLIP}/?", re.IGNORECASE)


@dataclass(frozen=True)
class Listed:
    """A clip's label and split by the lists."""

    label: str
    split: str


def clip_of_path(facts: Mapping[str, str]) -> Clip:
    """The clip that the groups of a path name."""
    return facts["scene"].casefold(), facts["expression"].casefold(), facts["clip"]


def read_lists(found: Matches, seen: Notes) -> dict[Clip, Listed]:
    """Label and split of every listed clip; the official lists are preferred.

    Problems: `missing_list`, `bad_row`, `unknown_label`, `duplicate_id`, `encoding`.
    """
    style = next((style for style in LISTS if found.of(style)), LISTS[0])
    listed: dict[Clip, Listed] = {}
    sides: dict[str, str] = {}
    for path, facts in found.files(style):
        sides.setdefault(facts["side"].casefold(), path)
    for side in ("train", "test"):
        if side not in sides:
            place = f"4_setups/All_scenes/{side}_All.csv"
            seen.note("missing_list", place, f"no such list; no clip is of split {side}")
            continue
        table = open_annotation(seen.root / sides[side], seen.root)
        seen.problems.extend(table.problems())
        for line, clip, label in _rows(table, style, seen):
            own = Listed(label, side)
            if listed.setdefault(clip, own) != own:
                action = f"line {line}: {'/'.join(clip)} is {listed[clip].label} of split "
                action += f"{listed[clip].split} too; keep one row"
                seen.note("duplicate_id", table.name, action)
    return listed


def _rows(table: Annotation, style: str, seen: Notes) -> Iterator[tuple[int, Clip, str]]:
    for line, text in table.lines():
        path, *rest = text.replace("\\", "/").replace(",", " ").split()
        match = _NAMED.fullmatch(path)
        if match is None or len(rest) != (1 if style == "official" else 2):
            seen.note("bad_row", table.name, f"line {line}: {text[:60]!r} is no clip and label")
            continue
        label = canonical(rest[0]) if style == "official" else _numbered(rest[1])
        if label not in NATIVE:
            known = ", ".join(EXPRESSIONS) if style == "official" else "0 to 6"
            action = f"line {line}: label {rest[-1]!r}; known are {known}; left out"
            seen.note("unknown_label", table.name, action)
        else:
            yield line, clip_of_path(match.groupdict()), label


def _numbered(text: str) -> str | None:
    return NATIVE[int(text)] if text.isdecimal() and int(text) < len(NATIVE) else None
