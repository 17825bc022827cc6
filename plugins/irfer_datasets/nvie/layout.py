"""Layout of USTC-NVIE on disk, read by the names of its folders at any depth.

    NVIE/SpontaneousDatabase/{front,left,right}/<subject>/{visible,infrared}/<clip>/*.bmp
    NVIE/SpontaneousDatabase/.../{visible,infrared}/{onset,apex}/...
    NVIE/0-PosedExpressionDatabase/<unknown levels>/{visible,infrared}/<expression>/*
    NVIE/5_USTC-ApexVisibleSpontaneousExpressionFrame_AAM Points/SelectedSamples/<code>...

Read so by two public projects (spontaneous; posed and selected), which meet `.bmp` and `.BMP`, and
subjects that lack a camera. The owners publish no list of names: a level is a camera, a light
direction, a phase, an expression, glasses, or the subject's number; the remaining names distinguish
clips. What stays open is corrected in `manifest.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from irfer_bench.api import (
    IMAGE_SUFFIXES,
    Found,
    Matches,
    Patterns,
    canonical,
    list_folder,
    natural,
    nearest,
    relative,
)
from irfer_datasets.nvie.rows import ILLUMINATIONS, MODALITIES, Row, RowSurvey, subject_name

NATIVE = ("happiness", "disgust", "fear", "surprise", "anger", "sadness")
CODES = {str(number): label for number, label in enumerate(NATIVE, start=1)}
"""The official numbers, in SelectedSamples and in the order of the rating table."""
PHASES = ("apex", "onset")
PARTS: Mapping[str, str] = {
    "posed": "[^/]*PosedExpressionDatabase",
    "selected": "SelectedSamples",
    "spontaneous": "SpontaneousDatabase",
}
_IMAGE = rf".+(?:{'|'.join(map(re.escape, sorted(IMAGE_SUFFIXES)))})"
TABLE = Patterns(
    {part: rf"{folder}(?:/(?P<levels>.+))?/{_IMAGE}" for part, folder in PARTS.items()}
    | {"text": r".+\.(?:csv|txt)"},
    names=(*ILLUMINATIONS, *MODALITIES, *PHASES),
)
_NUMBERED = re.compile(r"[a-z _-]{0,10}?0*(\d{1,4})(?!\d)[a-z _-]*")
_WITHOUT = re.compile(r"^(no|un|without)|(?<![a-z])(no|not|without)(?![a-z])")


def survey(found: Matches) -> RowSurvey:
    """Rows of all parts, spontaneous ones without labels."""
    seen = RowSurvey(found.tree.root, list(found.problems()))
    for part in PARTS:
        if part == "selected":
            seen.rows.extend(row for hit in found.of(part) for row in _selected(hit, seen))
            continue
        clips: dict[tuple[str, ...], list[str]] = {}
        for hit in found.of(part):
            *_, last = levels = _levels(hit)
            if last.casefold() not in PHASES:
                clips.setdefault(_above(levels), []).append(last)
        seen.rows.extend(row for hit in found.of(part) for row in _rows(hit, part, clips, seen))
    return seen


def images(folder: Path, root: Path) -> tuple[str, ...]:
    """The images directly in a folder, relative to the root, in natural order."""
    place = relative(folder, root)
    files = list_folder(folder, root).files
    return tuple(f"{place}/{p.name}" for p in files if p.suffix.lower() in IMAGE_SUFFIXES)


def _levels(hit: Found) -> tuple[str, ...]:
    return tuple(hit.facts.get("levels", "").split("/"))


def _above(levels: Sequence[str]) -> tuple[str, ...]:
    return tuple(level for level in levels[:-1] if level.casefold() not in MODALITIES)


def _files(hit: Found) -> tuple[str, ...]:
    return tuple(f"{hit.folder}/{name}" for name in sorted(hit.names, key=natural))


def _rows(
    hit: Found, part: str, clips: Mapping[tuple[str, ...], Sequence[str]], seen: RowSurvey
) -> Iterator[Row]:
    levels = _levels(hit)
    row = describe(Row(hit.folder, _files(hit), part=part), levels, seen)
    if not row.modality:
        seen.note("unresolved", hit.folder, "not used: no visible or infrared folder above it")
    if part == "posed" or row.clip or row.expression or row.phase not in PHASES:
        yield row
        return
    # Images straight in onset or apex, one or more of each clip, whose folder lies beside it.
    known = {clip.casefold() for clip in clips.get(_above(levels), [])}
    only = next(iter(known)) if len(known) == 1 else ""
    for name in row.files:
        stem = PurePath(name).stem.casefold()
        own = (clip for clip in sorted(known, key=len, reverse=True) if _begins(stem, clip))
        yield replace(row, path=name, files=(name,), clip=next(own, only))


def _begins(stem: str, clip: str) -> bool:
    return stem.startswith(clip) and not stem.removeprefix(clip)[:1].isalnum()


def _selected(hit: Found, seen: RowSurvey) -> Iterator[Row]:
    """An image each: below SelectedSamples the first character is the expression's code."""
    for name in _files(hit):
        own = "-".join(filter(None, (*_levels(hit), PurePath(name).stem))).casefold()
        label = CODES.get(own[:1], "")
        if not label:
            action = "not used: no code from 1 to 6 stands in front"
            seen.note("unlabelled_file", name, action)
        yield Row(name, (name,), "", "visible", "selected", "", own, label, "apex")


def describe(row: Row, levels: Sequence[str], seen: RowSurvey) -> Row:
    """A row with the facts of all levels from the part's folder down.

    Problems: `misnamed_folder` where a posed level should be an expression, `ambiguous_subject`.
    """
    folded = [level.casefold() for level in levels]
    camera = next((k for k in reversed(range(len(levels))) if folded[k] in MODALITIES), None)
    above = folded if camera is None else folded[:camera]
    subject = _subject(above, row, seen)
    light = phase = expression = ""
    rest: list[str] = []
    for k, level in enumerate(folded):
        if "glass" in level:
            rest.append("noglass" if _WITHOUT.search(level) else "glass")
        elif k in (camera, subject):
            continue
        elif level in ILLUMINATIONS:
            light = level
        elif level in PHASES:
            phase = level
        elif not expression and (label := canonical(level)):
            expression = label
        elif row.part == "posed" or k > (camera or 0):
            # The levels above the camera of a spontaneous clip do not distinguish clips.
            rest.append(level)
    if row.part == "posed" and not expression and len(above) + 1 < len(levels):
        below = levels[len(above) + 1]
        action = f"not used: {below} is no expression; {nearest(below)}"
        seen.note("misnamed_folder", row.path, action)
    return replace(
        row,
        subject="" if subject is None else _number(folded[subject]),
        modality="" if camera is None else folded[camera],
        light=light,
        clip="-".join(rest),
        expression=expression,
        phase=phase or ("" if row.part == "posed" else "sequence"),
    )


def _subject(above: Sequence[str], row: Row, seen: RowSurvey) -> int | None:
    """Index of the subject's level above the camera: the nearest number, else one with a number."""
    numbers = [k for k, level in enumerate(above) if level.isdigit()]
    if not numbers:
        numbers = [k for k, level in enumerate(above) if _NUMBERED.fullmatch(level)]
    if len(numbers) > 1:
        others = ", ".join(above[k] for k in numbers[:-1])
        action = f"subject {above[numbers[-1]]} is the nearest number, but {others} is one too"
        hint = "irfer-bench data scan nvie, correct the subjects"
        seen.note("ambiguous_subject", row.path, f"{action}; {hint}")
    return numbers[-1] if numbers else None


def _number(level: str) -> str:
    match = _NUMBERED.fullmatch(level)
    return subject_name(match[1] if match else level)
