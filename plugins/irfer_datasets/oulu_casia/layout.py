"""Layout of Oulu-CASIA NIR&VIS on disk: trees, spellings, sequences, problems."""

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
ILLUMINATIONS = ("Strong", "Weak", "Dark")
SUBJECTS = tuple(f"P{number:03d}" for number in range(1, 81))
EXPRESSIONS = ("Anger", "Disgust", "Fear", "Happiness", "Sadness", "Surprise")
SEQUENCES = len(SUBJECTS) * len(EXPRESSIONS)
"""Per camera and illumination."""
_FRAME = re.compile(r"(\d{3})\.jpe?g", re.IGNORECASE)


@dataclass(frozen=True)
class Tree:
    """One unpacked copy: the folder that holds the cameras' folders."""

    base: Path
    edition: Edition


@dataclass(frozen=True)
class RecordedSequence:
    """One expression of one subject under one illumination, recorded by one camera."""

    subject: str
    expression: str
    light: str
    spectrum: Spectrum
    files: tuple[str, ...]


def find_trees(root: Path) -> list[Tree]:
    """Every folder at most four levels down that holds a camera's folder with illuminations."""
    return [
        Tree(base, edition)
        for base in find_bases(root, lambda below: any(_holds(below, e) for e in CAMERAS))
        for edition in CAMERAS
        if _holds(subfolders(base), edition)
    ]


def survey(tree: Tree, root: Path, lengths: Mapping[str, Mapping[str, Sequence[int]]]) -> Survey:
    """All sequences of a tree, and its problems.

    Args:
        lengths: published frame counts under Strong light: subject, expression, (VL, NI).
    """
    seen, sequences = Survey(root), list[RecordedSequence]()
    cameras = CAMERAS[tree.edition]
    folders = _children(tree.base, tuple(cameras), seen, note_others=False)
    seen.problems.extend(odd_folders((root, tree.base, *folders.values()), root))
    for camera, spectrum in cameras.items():
        if camera not in folders:
            seen.note(
                "missing_domain", tree.base / camera, "settings that need this camera cannot run"
            )
            continue
        folders_by_light = _children(folders[camera], ILLUMINATIONS, seen, note_others=True)
        for light in ILLUMINATIONS:
            if light in folders_by_light:
                place = folders_by_light[light]
                found = _survey_illumination(place, light, spectrum, seen, lengths)
                _count(place, found, tree.edition, seen, lengths)
                sequences.extend(found)
            else:
                place = folders[camera] / light
                action = "settings that need this illumination cannot run"
                seen.note("missing_domain", place, action)
    seen.items.extend(_items(sequences, tree.edition))
    return seen


def _items(sequences: Sequence[RecordedSequence], edition: Edition) -> Iterator[Item]:
    """One item per sequence, with ids such as `ni_strong_p001_anger`."""
    cameras = Counter((own.subject, own.expression, own.light) for own in sequences)
    for sequence in sequences:
        light, expression = sequence.light.casefold(), sequence.expression.casefold()
        key = f"{light}_{sequence.subject.casefold()}_{expression}"
        paired = cameras[sequence.subject, sequence.expression, sequence.light] == 2
        yield Item(
            id=f"{'ni' if sequence.spectrum == 'nir' else 'vl'}_{key}",
            label=expression,
            subject=sequence.subject,
            spectrum=sequence.spectrum,
            files=sequence.files,
            lighting=light,
            pair=key if paired else None,
            weak_pair=paired,
            part=edition,
            frames=len(sequence.files),
        )


def _survey_illumination(
    folder: Path,
    light: str,
    spectrum: Spectrum,
    seen: Survey,
    lengths: Mapping[str, Mapping[str, Sequence[int]]],
) -> list[RecordedSequence]:
    sequences: list[RecordedSequence] = []
    subjects = _children(folder, SUBJECTS, seen, note_others=True)
    for subject in SUBJECTS:
        if subject not in subjects:
            seen.note("missing_subject", folder / subject, REST)
            continue
        expressions = _children(subjects[subject], EXPRESSIONS, seen, note_others=True)
        for expression in EXPRESSIONS:
            place = expressions.get(expression)
            if place is None:
                seen.note("missing_expression", subjects[subject] / expression, REST)
                continue
            files = _frames(place, seen)
            if not files:
                seen.note("missing_expression", place, f"it has no frames; {REST}")
                continue
            sequences.append(RecordedSequence(subject, expression, light, spectrum, files))
            expected = lengths[subject][expression][spectrum == "nir"]
            if light == "Strong" and len(files) != expected:
                count = f"{len(files)} frames where the published listing has {expected}"
                seen.note("frame_count", place, f"{count}; all are used")
    return sequences


def _count(
    folder: Path,
    sequences: Sequence[RecordedSequence],
    edition: Edition,
    seen: Survey,
    lengths: Mapping[str, Mapping[str, Sequence[int]]],
) -> None:
    """Compare one illumination of one camera with the published totals if no subject is missing.

    Frames are known under Strong light only, and of the original tree.
    """
    if len({sequence.subject for sequence in sequences}) < len(SUBJECTS):
        return
    if len(sequences) != SEQUENCES:
        action = f"{len(sequences)} sequences where {SEQUENCES} are published; all are used"
        seen.note("unexpected_count", folder, action)
    elif sequences[0].light == "Strong" and edition == "original":
        frames = sum(len(sequence.files) for sequence in sequences)
        column = sequences[0].spectrum == "nir"
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
    names = {light.casefold() for light in ILLUMINATIONS}
    return any(
        child.name.casefold() in names
        for folder in folders
        if folder.name.casefold() in cameras
        for child in subfolders(folder)
    )


def _children(
    folder: Path, wanted: Sequence[str], seen: Survey, *, note_others: bool
) -> dict[str, Path]:
    """The wanted folders by their proper names; other spellings are read and listed."""
    listing = seen.look(folder)
    chosen = {path.name: path for path in listing.folders if path.name in wanted}
    for path in listing.folders:
        name = _proper(path.name, wanted)
        if path.name in chosen:
            continue
        if name is None:
            if note_others:
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
    """Hints why a folder is not this dataset."""
    listing = list_folder(root, root)
    names = {path.name.casefold() for path in listing.folders}
    inside = {
        "it holds Strong, Weak or Dark: give the folder above it": ILLUMINATIONS,
        "it holds P001 and others: give the folder two above it": SUBJECTS,
        "it holds one subject's expressions: give the folder three above it": EXPRESSIONS,
    }
    for hint, known in inside.items():
        if names & {name.casefold() for name in known}:
            yield hint
    yield from obstacles(root)
