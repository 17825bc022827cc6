"""Layout of USTC-NVIE on disk, read by the names of its folders at any depth.

    NVIE/SpontaneousDatabase/{front,left,right}/<subject>/{visible,infrared}/<clip>/*.bmp
    NVIE/SpontaneousDatabase/.../{visible,infrared}/{onset,apex}/...
    NVIE/0-PosedExpressionDatabase/<unknown levels>/{visible,infrared}/<expression>/*
    NVIE/5_USTC-ApexVisibleSpontaneousExpressionFrame_AAM Points/SelectedSamples/<code>...

Read so by two public projects (spontaneous; posed and selected), which meet `.bmp` and `.BMP`, and
subjects that lack a camera. The owners publish no list of names: a level is recognised by its own
(`levels.py`), and what stays open is corrected in `manifest.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from irfer_bench.api import IMAGE_SUFFIXES as SUFFIXES
from irfer_bench.api import Tree, join, list_folder, natural, relative
from irfer_datasets.nvie.levels import CAMERAS, camera_of, clip_of, describe, phase_of
from irfer_datasets.nvie.rows import ILLUMINATIONS, Row, RowSurvey

TEXTS = frozenset({".csv", ".txt"})
NATIVE = ("happiness", "disgust", "fear", "surprise", "anger", "sadness")
CODES = {str(number): label for number, label in enumerate(NATIVE, start=1)}
"""The official numbers, in SelectedSamples and in the order of the rating table."""
LOWER = frozenset({*ILLUMINATIONS, "apex", "onset"})
"""Folders whose official names are lower case, and the cameras' folders."""


@dataclass(frozen=True)
class Folder:
    """A folder inside a part: names of the levels from the part's folder down."""

    levels: tuple[str, ...]
    path: str
    files: Sequence[str]
    leaf: bool


@dataclass
class Base:
    """The folder of one official part, and every folder in it."""

    folder: str
    part: str
    folders: list[Folder] = field(default_factory=list)


@dataclass
class Parts:
    """Where the parts are, and text files that may be annotations."""

    bases: list[Base] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def find_parts(tree: Tree) -> Parts:
    """Every part's folder, and CSV and text files under the root."""
    found, bases = Parts(), dict[str, Base]()
    above = {folder.rpartition("/")[0] for folder in tree.files if folder}
    for folder, names in tree.files.items():
        found.texts += [join(folder, n) for n in names if PurePath(n).suffix.lower() in TEXTS]
        levels = folder.split("/")
        top = next((k for k, name in enumerate(levels) if part_of(name)), None)
        if top is None:
            continue
        place = "/".join(levels[: top + 1])
        if place not in bases:
            bases[place] = Base(place, part_of(levels[top]))
            found.bases.append(bases[place])
        images = [n for n in sorted(names, key=natural) if PurePath(n).suffix.lower() in SUFFIXES]
        inner = Folder(tuple(levels[top + 1 :]), folder, images, folder not in above)
        bases[place].folders.append(inner)
    return found


def part_of(name: str) -> str:
    """The official part of a folder's name, or an empty string."""
    folded = name.casefold()
    if "selectedsamples" in folded or ("apex" in folded and "spontaneous" in folded):
        return "selected"
    if ("posed" in folded and "expression" in folded) or folded.startswith("posed"):
        return "posed"
    return "spontaneous" if "spontaneous" in folded else ""


def survey(found: Parts, tree: Tree) -> tuple[RowSurvey, list[Path]]:
    """Rows of all parts, spontaneous ones without labels, and the text files found."""
    seen = RowSurvey(tree.root, list(tree.problems))
    for base in found.bases:
        for folder in base.folders:
            _note_folder(folder, seen)
        folders = [folder for folder in base.folders if folder.files]
        if base.part == "selected":
            seen.rows.extend(_selected(folders, base, seen))
        else:
            clips = _clips(folders)
            for folder in folders:
                seen.rows.extend(_rows(folder, base, clips, seen))
    return seen, [tree.root / name for name in found.texts]


def images(folder: Path, root: Path) -> tuple[str, ...]:
    """The images directly in a folder, relative to the root, in natural order."""
    place = relative(folder, root)
    files = list_folder(folder, root).files
    return tuple(f"{place}/{p.name}" for p in files if p.suffix.lower() in SUFFIXES)


def _note_folder(folder: Folder, seen: RowSurvey) -> None:
    if not folder.levels:
        return
    if folder.leaf and not folder.files and any(camera_of(level) for level in folder.levels):
        seen.note("empty_folder", folder.path, "it has no images; unpack it anew if it should")
    folded = folder.levels[-1].casefold()
    proper = CAMERAS.get(folded, folded if folded in LOWER else folder.levels[-1])
    if proper != folder.levels[-1]:
        kind = "mis_cased" if proper == folded else "misnamed_folder"
        seen.note(kind, folder.path, f"read as {proper}; rename it")


def _clips(folders: Sequence[Folder]) -> dict[tuple[str, ...], list[str]]:
    """Names of the folders beside onset and apex, of both cameras, by the levels above."""
    clips: dict[tuple[str, ...], list[str]] = {}
    for folder in folders:
        if folder.levels and not phase_of(folder.levels[-1]):
            clips.setdefault(_above(folder.levels), []).append(folder.levels[-1])
    return clips


def _above(levels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(level for level in levels[:-1] if not camera_of(level))


def _rows(
    folder: Folder, base: Base, clips: Mapping[tuple[str, ...], list[str]], seen: RowSurvey
) -> Iterator[Row]:
    place = folder.path
    files = tuple(f"{place}/{name}" for name in folder.files)
    row = describe(Row(place, files, part=base.part), folder.levels, seen)
    if not row.modality:
        seen.note("unresolved", place, "not used: no visible or infrared folder above it")
    if base.part == "posed" or row.clip or row.expression or not row.phase:
        yield row
        return
    # Images straight in onset or apex, one or more of each clip.
    known = clips.get(_above(folder.levels), [])
    for name in files:
        clip = clip_of(PurePath(name).stem, known)
        yield replace(row, path=name, files=(name,), clip=clip)


def _selected(folders: Sequence[Folder], base: Base, seen: RowSurvey) -> Iterator[Row]:
    """An image each: below SelectedSamples the first character is the expression's code."""
    own_name = base.folder.rpartition("/")[2]
    modality = "infrared" if "infrared" in own_name.casefold() else "visible"
    for folder in folders:
        for file in folder.files:
            levels = [own_name, *folder.levels, PurePath(file).stem]
            start = next((k for k, name in enumerate(levels) if _is_selection(name)), len(levels))
            own = levels[start + 1 :] or [""]
            name = f"{folder.path}/{file}"
            label = CODES.get(own[0][:1], "")
            if not label:
                action = "not used: it lies not in SelectedSamples with a code from 1 to 6 in front"
                seen.note("unlabelled_file", name, action)
            row = Row(name, (name,), modality=modality, part="selected", phase="apex")
            yield replace(row, clip="-".join(own).casefold(), expression=label)


def _is_selection(name: str) -> bool:
    return "selectedsamples" in name.casefold().replace(" ", "")
