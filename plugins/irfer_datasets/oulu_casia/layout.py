"""How Oulu-CASIA NIR&VIS lies on disk (datasets.md §2): trees, spellings, sequences, flaws."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irfer_bench.api import Item, Spectrum
from irfer_datasets.labels import canonical, nearest
from irfer_datasets.problems import REST, note_gaps
from irfer_datasets.stills import Survey
from irfer_datasets.tree import (
    find_bases,
    list_folder,
    obstacles,
    odd_folders,
    relative,
    subfolders,
)

Edition = Literal["original", "preprocessed"]
CAMERAS: Mapping[Edition, Mapping[str, Spectrum]] = {
    "original": {"NI": "nir", "VL": "vis"},
    "preprocessed": {"NI_Acropped": "nir", "VL_Acropped": "vis"},
}
LIGHTS = ("Strong", "Weak", "Dark")
SUBJECTS = tuple(f"P{number:03d}" for number in range(1, 81))
EXPRESSIONS = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")
SEQUENCES = len(SUBJECTS) * len(EXPRESSIONS)
"""Per camera and light."""
_FRAME = re.compile(r"(\d{3})\.jpe?g", re.IGNORECASE)


@dataclass(frozen=True)
class Tree:
    """One unpacked copy: the folder that holds the cameras' folders."""

    base: Path
    edition: Edition


@dataclass(frozen=True)
class Take:
    """One expression of one subject under one light before one camera."""

    subject: str
    expression: str
    light: str
    spectrum: Spectrum
    files: tuple[str, ...]


def find_trees(root: Path) -> list[Tree]:
    """Every folder at most four levels down that holds a camera's folder with lights in it."""
    return [
        Tree(base, edition)
        for base in find_bases(root, lambda below: any(_holds(below, e) for e in CAMERAS))
        for edition in CAMERAS
        if _holds(subfolders(base), edition)
    ]


def survey(tree: Tree, root: Path, lengths: Mapping[str, Mapping[str, Sequence[int]]]) -> Survey:
    """All sequences of a tree and all that is wrong with it.

    Args:
        lengths: published frame counts under Strong light: subject, expression, (VL, NI).
    """
    seen, sequences = Survey(root), list[Take]()
    cameras = CAMERAS[tree.edition]
    folders = _children(tree.base, tuple(cameras), seen, strangers=False)
    seen.problems.extend(odd_folders((root, tree.base, *folders.values()), root))
    for camera, spectrum in cameras.items():
        if camera not in folders:
            seen.note(
                "missing_domain", tree.base / camera, "settings that need this camera cannot run"
            )
            continue
        lights = _children(folders[camera], LIGHTS, seen, strangers=True)
        for light in LIGHTS:
            if light in lights:
                takes = _survey_light(lights[light], light, spectrum, seen, lengths)
                _count(lights[light], takes, tree.edition, seen, lengths)
                sequences.extend(takes)
            else:
                place = folders[camera] / light
                seen.note("missing_domain", place, "settings that need this light cannot run")
    seen.items.extend(_items(sequences, tree.edition))
    return seen


def _items(takes: Sequence[Take], edition: Edition) -> Iterator[Item]:
    """One item per sequence, with ids such as `ni_strong_p001_anger`."""
    cameras = Counter((take.subject, take.expression, take.light) for take in takes)
    for take in takes:
        light, expression = take.light.casefold(), take.expression.casefold()
        key = f"{light}_{take.subject.casefold()}_{expression}"
        paired = cameras[take.subject, take.expression, take.light] == 2
        yield Item(
            id=f"{'ni' if take.spectrum == 'nir' else 'vl'}_{key}",
            label=expression,
            subject=take.subject,
            spectrum=take.spectrum,
            files=take.files,
            lighting=light,
            pair=key if paired else None,
            weak_pair=paired,
            part=edition,
            frames=len(take.files),
        )


def _survey_light(
    folder: Path,
    light: str,
    spectrum: Spectrum,
    seen: Survey,
    lengths: Mapping[str, Mapping[str, Sequence[int]]],
) -> list[Take]:
    takes: list[Take] = []
    subjects = _children(folder, SUBJECTS, seen, strangers=True)
    for subject in SUBJECTS:
        if subject not in subjects:
            seen.note("missing_subject", folder / subject, REST)
            continue
        expressions = _children(subjects[subject], EXPRESSIONS, seen, strangers=True)
        for expression in EXPRESSIONS:
            place = expressions.get(expression)
            if place is None:
                seen.note("missing_expression", subjects[subject] / expression, REST)
                continue
            files = _frames(place, seen)
            if not files:
                seen.note("missing_expression", place, f"it has no frames; {REST}")
                continue
            takes.append(Take(subject, expression, light, spectrum, files))
            expected = lengths[subject][expression][spectrum == "nir"]
            if light == "Strong" and len(files) != expected:
                count = f"{len(files)} frames where the published listing has {expected}"
                seen.note("frame_count", place, f"{count}; all are used")
    return takes


def _count(
    folder: Path,
    takes: Sequence[Take],
    edition: Edition,
    seen: Survey,
    lengths: Mapping[str, Mapping[str, Sequence[int]]],
) -> None:
    """Compare a light of one camera, where no subject is missing, with the published totals.

    Frames are known under Strong light only, and of the original tree.
    """
    if len({take.subject for take in takes}) < len(SUBJECTS):
        return
    if len(takes) != SEQUENCES:
        action = f"{len(takes)} sequences where {SEQUENCES} are published; all are used"
        seen.note("unexpected_count", folder, action)
    elif takes[0].light == "Strong" and edition == "original":
        frames = sum(len(take.files) for take in takes)
        column = takes[0].spectrum == "nir"
        expected = sum(both[column] for own in lengths.values() for both in own.values())
        if frames != expected:
            action = f"{frames} frames where the published listing has {expected}; all are used"
            seen.note("unexpected_count", folder, action)


def _frames(folder: Path, seen: Survey) -> tuple[str, ...]:
    listing = seen.look(folder)
    place, frames = relative(folder, seen.root), dict[int, str]()
    for path in listing.files:
        match = _FRAME.fullmatch(path.name)
        if match is None:
            seen.note("unexpected_file", path, "not read; frames are NNN.jpeg")
        elif int(match[1]) in frames:
            seen.note("duplicate_frame", path, f"not read; {frames[int(match[1])]} is; remove one")
        else:
            frames[int(match[1])] = f"{place}/{path.name}"
    note_gaps(sorted(frames), folder, seen)
    return tuple(frames[number] for number in sorted(frames))


def _holds(folders: Sequence[Path], edition: Edition) -> bool:
    cameras = {camera.casefold() for camera in CAMERAS[edition]}
    lights = {light.casefold() for light in LIGHTS}
    return any(
        child.name.casefold() in lights
        for folder in folders
        if folder.name.casefold() in cameras
        for child in subfolders(folder)
    )


def _children(
    folder: Path, wanted: Sequence[str], seen: Survey, *, strangers: bool
) -> dict[str, Path]:
    """The wanted folders by their proper names; other spellings are read and listed."""
    listing = seen.look(folder)
    chosen = {path.name: path for path in listing.folders if path.name in wanted}
    for path in listing.folders:
        name = _proper(path.name, wanted)
        if path.name in chosen:
            continue
        if name is None:
            if strangers:
                seen.note("misnamed_folder", path, f"not read; {_advice(path.name, wanted)}")
        elif name in chosen:
            seen.note("misnamed_folder", path, f"not read; {name} is there too")
        else:
            chosen[name] = path
            kind = "mis_cased" if name.casefold() == path.name.casefold() else "misnamed_folder"
            seen.note(kind, path, f"read as {name}; rename it")
    return chosen


def _proper(name: str, wanted: Sequence[str]) -> str | None:
    folded = {entry.casefold(): entry for entry in wanted}
    if name.casefold() in folded:
        return folded[name.casefold()]
    label = canonical(name) if "Anger" in wanted else None
    return folded.get(label) if label is not None else None


def _advice(name: str, wanted: Sequence[str]) -> str:
    if "Anger" in wanted:
        return nearest(name, tuple(entry.casefold() for entry in wanted))
    return f"known: {wanted[0]} to {wanted[-1]}"


def stray(root: Path) -> Iterator[str]:
    """Hints on why a folder is not the dataset although it has to do with it."""
    listing = list_folder(root, root)
    names = {path.name.casefold() for path in listing.folders}
    inside = {
        "it holds Strong, Weak or Dark: give the folder above it": LIGHTS,
        "it holds P001 and others: give the folder two above it": SUBJECTS,
        "it holds one subject's expressions: give the folder three above it": EXPRESSIONS,
    }
    for hint, known in inside.items():
        if names & {name.casefold() for name in known}:
            yield hint
    yield from obstacles(root)
