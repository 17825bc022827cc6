"""How USTC-NVIE lies on disk (datasets.md §3), read without trust in the depth of its levels.

    NVIE/SpontaneousDatabase/{front,left,right}/<subject>/{visible,infrared}/<clip>/*.bmp
    NVIE/SpontaneousDatabase/.../{visible,infrared}/{onset,apex}/...
    NVIE/0-PosedExpressionDatabase/<unknown levels>/{visible,infrared}/<expression>/*
    NVIE/5_USTC-ApexVisibleSpontaneousExpressionFrame_AAM Points/SelectedSamples/<code>...

Which level is which is told by its name: a camera, a light, a phase, an expression, glasses, or a
number, which is the subject's; what is left tells clips apart.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irfer_datasets.labels import canonical, nearest
from irfer_datasets.nvie.rows import LIGHTS, Row, Survey, subject_name
from irfer_datasets.tree import list_folder, natural, relative

PICTURES = frozenset({".bmp", ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pgm"})
TEXTS = frozenset({".csv", ".txt"})
CODES: Mapping[str, str] = {
    "1": "happiness",
    "2": "disgust",
    "3": "fear",
    "4": "surprise",
    "5": "anger",
    "6": "sadness",
}
"""The owner's numbers, in SelectedSamples and in the order of the rating table."""
CAMERAS: Mapping[str, str] = {
    "visible": "visible",
    "vis": "visible",
    "infrared": "infrared",
    "infra-red": "infrared",
    "ir": "infrared",
    "thermal": "infrared",
}
DEPTH, BELOW, BUDGET = 4, 8, 500
"""Levels searched for the parts, levels read below them, folders searched before giving up."""
_NUMBERED = re.compile(r"[a-z _-]{0,10}?0*(\d{1,4})(?!\d)[a-z _-]*")


@dataclass(frozen=True)
class Base:
    """The folder of one of the owner's parts."""

    folder: Path
    part: str


@dataclass
class Found:
    """Where the parts are, and text files outside them that may be annotations."""

    bases: list[Base] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)


@dataclass
class _Folder:
    """A folder with pictures: names of the levels from the part's folder down."""

    levels: tuple[str, ...]
    path: Path
    files: list[Path]


def find_parts(root: Path) -> Found:
    """Every part's folder at most four levels down, and CSV and text files beside them."""
    found = Found()
    queue = deque([(root, 0)])
    for _ in range(BUDGET):
        if not queue:
            break
        folder, depth = queue.popleft()
        listing = list_folder(folder, root)
        found.texts.extend(path for path in listing.files if path.suffix.lower() in TEXTS)
        for child in listing.folders:
            part = part_of(child.name) if depth < DEPTH else ""
            if part:
                found.bases.append(Base(child, part))
            elif depth < DEPTH:
                queue.append((child, depth + 1))
    return found


def part_of(name: str) -> str:
    """The owner's part that a folder's name says, or nothing."""
    folded = name.casefold()
    if "selectedsamples" in folded or ("apex" in folded and "spontaneous" in folded):
        return "selected"
    if ("posed" in folded and "expression" in folded) or folded.startswith("posed"):
        return "posed"
    return "spontaneous" if "spontaneous" in folded else ""


def survey(found: Found, root: Path) -> tuple[Survey, list[Path]]:
    """Rows of all parts, spontaneous ones without the table's labels, and text files met."""
    seen, texts = Survey(root), list(found.texts)
    for base in found.bases:
        folders: list[_Folder] = []
        _collect(base.folder, (), seen, folders, texts)
        if base.part == "selected":
            seen.rows.extend(_selected(folders, seen))
        else:
            clips = _clips(folders)
            for folder in folders:
                seen.rows.extend(_rows(folder, base, clips, seen))
    return seen, texts


def pictures(folder: Path, root: Path) -> tuple[str, ...]:
    """The pictures directly in a folder, relative to the root, in natural order."""
    place = relative(folder, root)
    files = list_folder(folder, root).files
    return tuple(f"{place}/{p.name}" for p in files if p.suffix.lower() in PICTURES)


def _collect(
    folder: Path,
    levels: tuple[str, ...],
    seen: Survey,
    folders: list[_Folder],
    texts: list[Path],
) -> None:
    listing = list_folder(folder, seen.root)
    seen.problems.extend(listing.problems)
    files = [path for path in listing.files if path.suffix.lower() in PICTURES]
    texts.extend(path for path in listing.files if path.suffix.lower() in TEXTS)
    if files:
        folders.append(_Folder(levels, folder, files))
    elif not listing.folders and any(_camera(level) for level in levels):
        seen.note("empty_folder", folder, "it has no pictures; unpack it anew if it should")
    if len(levels) < BELOW:
        for child in listing.folders:
            camera = CAMERAS.get(child.name.casefold())
            if camera and camera != child.name:
                kind = "mis_cased" if camera == child.name.casefold() else "misnamed_folder"
                seen.note(kind, child, f"read as {camera}; rename it")
            _collect(child, (*levels, child.name), seen, folders, texts)


def _camera(level: str) -> str:
    return CAMERAS.get(level.casefold(), "")


def _phase(level: str) -> str:
    return level.casefold() if level.casefold() in ("apex", "onset") else ""


def _clips(folders: Sequence[_Folder]) -> dict[tuple[str, ...], list[str]]:
    """Names of the folders beside onset and apex, of both cameras, by the levels above."""
    clips: dict[tuple[str, ...], list[str]] = {}
    for folder in folders:
        if folder.levels and not _phase(folder.levels[-1]):
            clips.setdefault(_above(folder.levels), []).append(folder.levels[-1])
    return clips


def _above(levels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(level for level in levels[:-1] if not _camera(level))


def _rows(
    folder: _Folder, base: Base, clips: Mapping[tuple[str, ...], list[str]], seen: Survey
) -> Iterator[Row]:
    place = relative(folder.path, seen.root)
    files = tuple(f"{place}/{path.name}" for path in folder.files)
    row = _described(Row(place, files, part=base.part), folder.levels, seen)
    if not row.modality:
        seen.note("unresolved", place, "not used: no visible or infrared folder above it")
    if base.part == "posed" or row.clip or row.expression or not row.phase:
        yield row
        return
    # Pictures straight in onset or apex, one or more of each clip.
    known = clips.get(_above(folder.levels), [])
    for name, path in zip(files, folder.files, strict=True):
        yield Row(
            name,
            (name,),
            subject=row.subject,
            modality=row.modality,
            part=row.part,
            light=row.light,
            clip=_clip_of(path.stem, known),
            phase=row.phase,
        )


def _described(row: Row, levels: Sequence[str], seen: Survey) -> Row:
    camera = next((k for k in reversed(range(len(levels))) if _camera(levels[k])), None)
    above, below = (levels, ()) if camera is None else (levels[:camera], levels[camera + 1 :])
    subject = _subject(above, row, seen)
    light = phase = expression = ""
    rest: list[str] = []
    for k, level in enumerate(levels):
        folded = level.casefold()
        if k in (camera, subject):
            continue
        if folded in LIGHTS:
            light = folded
        elif _phase(level):
            phase = folded
        elif not expression and canonical(level):
            expression = str(canonical(level))
        elif row.part == "posed" or k > (camera or 0):
            # Above the camera of a spontaneous clip nothing tells clips apart: the clip is its own.
            rest.append(_glasses(level))
    if row.part == "posed" and not expression and below:
        action = f"not used: {below[0]} is no expression; {nearest(below[0])}"
        seen.note("misnamed_folder", row.path, action)
    return Row(
        row.path,
        row.files,
        subject="" if subject is None else _number(levels[subject]),
        modality="" if camera is None else _camera(levels[camera]),
        part=row.part,
        light=light,
        clip="-".join(rest),
        expression=expression,
        phase=phase or ("" if row.part == "posed" else "sequence"),
    )


def _subject(above: Sequence[str], row: Row, seen: Survey) -> int | None:
    """Which level above the camera is the subject's: the nearest number, else one with a number."""
    numbers = [k for k, level in enumerate(above) if level.isdigit()]
    if not numbers:
        named = [k for k, level in enumerate(above) if _NUMBERED.fullmatch(level.casefold())]
        numbers = [
            k for k in named if not re.search(r"sess|part|day|set|disk", above[k].casefold())
        ]
    if len(numbers) > 1:
        others = ", ".join(above[k] for k in numbers[:-1])
        action = f"subject {above[numbers[-1]]} is the nearest number, but {others} is one too"
        hint = "irfer-bench data scan nvie, correct the subjects"
        seen.note("ambiguous_subject", row.path, f"{action}; {hint}")
    return numbers[-1] if numbers else None


def _number(level: str) -> str:
    match = _NUMBERED.fullmatch(level.casefold())
    return subject_name(match[1] if match else level)


def _glasses(level: str) -> str:
    folded = level.casefold()
    if "glass" not in folded:
        return folded
    return "noglass" if re.search(r"no|without|w-?o\b|un", folded) else "glass"


def _clip_of(stem: str, clips: Sequence[str]) -> str:
    """The clip of a picture in onset or apex: the folder beside whose name its own starts with."""
    folded = stem.casefold()
    for clip in sorted(clips, key=len, reverse=True):
        rest = folded.removeprefix(clip.casefold())
        if folded.startswith(clip.casefold()) and not rest[:1].isalnum():
            return clip.casefold()
    return folded if len(folded) == 1 and folded.isdigit() else ""


def _selected(folders: Sequence[_Folder], seen: Survey) -> Iterator[Row]:
    for folder in folders:
        place = relative(folder.path, seen.root)
        for path in sorted(folder.files, key=lambda p: natural(p.name)):
            levels = [*folder.levels, path.stem]
            start = next((k for k, n in enumerate(levels) if part_of(n) == "selected"), -1) + 1
            own = levels[start:] or [path.stem]
            name = f"{place}/{path.name}"
            label = CODES.get(own[0][:1], "")
            if not label:
                action = "not used: its name does not begin with a code from 1 to 6"
                seen.note("unlabelled_file", name, action)
            yield Row(
                name,
                (name,),
                modality="visible",
                part="selected",
                clip="-".join(own).casefold(),
                expression=label,
                phase="apex",
            )
