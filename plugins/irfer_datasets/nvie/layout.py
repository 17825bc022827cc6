"""Layout of USTC-NVIE on disk, read by the names of its folders at any depth.

    NVIE/SpontaneousDatabase/{front,left,right}/<subject>/{visible,infrared}/<clip>/*.bmp
    NVIE/SpontaneousDatabase/.../{visible,infrared}/{onset,apex}/...
    NVIE/0-PosedExpressionDatabase/<unknown levels>/{visible,infrared}/<expression>/*
    NVIE/5_USTC-ApexVisibleSpontaneousExpressionFrame_AAM Points/SelectedSamples/<code>...

A level is recognised by its name (`levels.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.api import IMAGE_SUFFIXES
from irfer_datasets.nvie.levels import CAMERAS, camera_of, clip_of, describe, phase_of
from irfer_datasets.nvie.rows import ILLUMINATIONS, Row, RowSurvey
from irfer_datasets.tree import list_folder, relative

TEXTS = frozenset({".csv", ".txt"})
CODES: Mapping[str, str] = {
    "1": "happiness",
    "2": "disgust",
    "3": "fear",
    "4": "surprise",
    "5": "anger",
    "6": "sadness",
}
"""The official numbers, in SelectedSamples and in the order of the rating table."""
LOWER = frozenset({*ILLUMINATIONS, "apex", "onset"})
"""Folders whose official names are lower case, and the cameras' folders."""
DEPTH, BELOW, BUDGET = 4, 8, 500
"""Levels searched for the parts, levels read below them, folders searched before giving up."""


@dataclass(frozen=True)
class Base:
    """The folder of one official part."""

    folder: Path
    part: str


@dataclass
class Found:
    """Where the parts are, and text files outside them that may be annotations."""

    bases: list[Base] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)


@dataclass
class _Folder:
    """A folder with images: names of the levels from the part's folder down."""

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
    """The official part of a folder's name, or an empty string."""
    folded = name.casefold()
    if "selectedsamples" in folded or ("apex" in folded and "spontaneous" in folded):
        return "selected"
    if ("posed" in folded and "expression" in folded) or folded.startswith("posed"):
        return "posed"
    return "spontaneous" if "spontaneous" in folded else ""


def survey(found: Found, root: Path) -> tuple[RowSurvey, list[Path]]:
    """Rows of all parts, spontaneous ones without labels, and the text files found."""
    seen, texts = RowSurvey(root), list(found.texts)
    for base in found.bases:
        folders: list[_Folder] = []
        _collect(base.folder, (), seen, folders, texts)
        if base.part == "selected":
            seen.rows.extend(_selected(folders, base, seen))
        else:
            clips = _clips(folders)
            for folder in folders:
                seen.rows.extend(_rows(folder, base, clips, seen))
    return seen, texts


def images(folder: Path, root: Path) -> tuple[str, ...]:
    """The images directly in a folder, relative to the root, in natural order."""
    place = relative(folder, root)
    files = list_folder(folder, root).files
    return tuple(f"{place}/{p.name}" for p in files if p.suffix.lower() in IMAGE_SUFFIXES)


def _collect(
    folder: Path,
    levels: tuple[str, ...],
    seen: RowSurvey,
    folders: list[_Folder],
    texts: list[Path],
) -> None:
    listing = seen.look(folder)
    files = [path for path in listing.files if path.suffix.lower() in IMAGE_SUFFIXES]
    texts.extend(path for path in listing.files if path.suffix.lower() in TEXTS)
    if files:
        folders.append(_Folder(levels, folder, files))
    elif not listing.folders and any(camera_of(level) for level in levels):
        seen.note("empty_folder", folder, "it has no images; unpack it anew if it should")
    if len(levels) < BELOW:
        for child in listing.folders:
            folded = child.name.casefold()
            proper = CAMERAS.get(folded, folded if folded in LOWER else child.name)
            if proper != child.name:
                kind = "mis_cased" if proper == folded else "misnamed_folder"
                seen.note(kind, child, f"read as {proper}; rename it")
            _collect(child, (*levels, child.name), seen, folders, texts)


def _clips(folders: Sequence[_Folder]) -> dict[tuple[str, ...], list[str]]:
    """Names of the folders beside onset and apex, of both cameras, by the levels above."""
    clips: dict[tuple[str, ...], list[str]] = {}
    for folder in folders:
        if folder.levels and not phase_of(folder.levels[-1]):
            clips.setdefault(_above(folder.levels), []).append(folder.levels[-1])
    return clips


def _above(levels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(level for level in levels[:-1] if not camera_of(level))


def _rows(
    folder: _Folder, base: Base, clips: Mapping[tuple[str, ...], list[str]], seen: RowSurvey
) -> Iterator[Row]:
    place = relative(folder.path, seen.root)
    files = tuple(f"{place}/{path.name}" for path in folder.files)
    row = describe(Row(place, files, part=base.part), folder.levels, seen)
    if not row.modality:
        seen.note("unresolved", place, "not used: no visible or infrared folder above it")
    if base.part == "posed" or row.clip or row.expression or not row.phase:
        yield row
        return
    # Images straight in onset or apex, one or more of each clip.
    known = clips.get(_above(folder.levels), [])
    for name, path in zip(files, folder.files, strict=True):
        yield Row(
            name,
            (name,),
            subject=row.subject,
            modality=row.modality,
            part=row.part,
            light=row.light,
            clip=clip_of(path.stem, known),
            phase=row.phase,
        )


def _selected(folders: Sequence[_Folder], base: Base, seen: RowSurvey) -> Iterator[Row]:
    """An image each: below SelectedSamples the first character is the expression's code."""
    modality = "infrared" if "infrared" in base.folder.name.casefold() else "visible"
    for folder in folders:
        place = relative(folder.path, seen.root)
        for path in folder.files:
            levels = [*(base.folder.name, *folder.levels), path.stem]
            start = next((k for k, name in enumerate(levels) if _is_selection(name)), len(levels))
            own = levels[start + 1 :] or [""]
            name = f"{place}/{path.name}"
            label = CODES.get(own[0][:1], "")
            if not label:
                action = "not used: it lies not in SelectedSamples with a code from 1 to 6 in front"
                seen.note("unlabelled_file", name, action)
            yield Row(
                name,
                (name,),
                modality=modality,
                part="selected",
                clip="-".join(own).casefold(),
                expression=label,
                phase="apex",
            )


def _is_selection(name: str) -> bool:
    return "selectedsamples" in name.casefold().replace(" ", "")
