"""The layout of Large-HFE defined here; the set is not public and has to be converted.

Large-HFE/{VIS,NIR}/S001/Anger/000.jpg     S001 to S360, six names, numbers from 000
Large-HFE/metadata.csv                     optional: path,modality,subject,expression,frame,pair_id
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from irfer_bench.api import BASIC, IMAGE_SUFFIXES, Spectrum
from irfer_datasets.labels import canonical, nearest
from irfer_datasets.problems import REST, note_gaps
from irfer_datasets.stills import Survey
from irfer_datasets.tree import find_bases, relative, subfolders

CAMERAS: Mapping[str, Spectrum] = {"VIS": "vis", "NIR": "nir"}
SUBJECTS = tuple(f"S{number:03d}" for number in range(1, 361))
EXPRESSIONS = {label: label.capitalize() for label in BASIC}
_SUBJECT = re.compile(r"s?0*(\d{1,3})", re.IGNORECASE)
_Proper = Callable[[str], str | None]


@dataclass
class RecordedSequence:
    """One expression of one subject, recorded by one camera.

    Args:
        frames: path by frame number. pairs: pair id of the metadata by frame number.
    """

    spectrum: Spectrum
    subject: str
    label: str
    frames: dict[int, str] = field(default_factory=dict)
    pairs: dict[int, str] = field(default_factory=dict)

    @property
    def pair_keys(self) -> list[object]:
        """The pair id of each frame, in frame order."""
        return [self.pairs.get(number) or number for number in sorted(self.frames)]


def find_base(root: Path) -> Path | None:
    """The first folder, four levels down at most, with a camera's folder of numbered subjects."""
    return next(iter(find_bases(root, _holds)), None)


def _holds(below: Sequence[Path]) -> bool:
    return any(
        re.fullmatch(r"s\d{3}", child.name.casefold())
        for folder in below
        if folder.name.upper() in CAMERAS
        for child in subfolders(folder)
    )


@cache
def subject_of(text: str) -> str | None:
    """The canonical name S001 to S360 of a spelling, or None."""
    match = _SUBJECT.fullmatch(text.strip())
    number = int(match[1]) if match else 0
    return SUBJECTS[number - 1] if 1 <= number <= len(SUBJECTS) else None


def walk(base: Path, seen: Survey) -> list[RecordedSequence]:
    """All sequences by the folders' names; missing, misnamed and other files are noted."""
    sequences: list[RecordedSequence] = []
    cameras = _children(base, seen, lambda name: name.upper() if name.upper() in CAMERAS else None)
    for camera, spectrum in CAMERAS.items():
        if camera not in cameras:
            seen.note("missing_domain", base / camera, "settings that need this camera cannot run")
            continue
        subjects = _children(cameras[camera], seen, subject_of, "known: S001 to S360")
        for subject in SUBJECTS:
            if subject not in subjects:
                seen.note("missing_subject", cameras[camera] / subject, REST)
                continue
            folder = subjects[subject]
            labels = _children(folder, seen, _expression)
            for label, proper in EXPRESSIONS.items():
                place = labels.get(proper)
                sequence = RecordedSequence(spectrum, subject, label)
                if place is not None:
                    _read_frames(place, sequence, seen)
                if sequence.frames:
                    sequences.append(sequence)
                else:
                    what = "it has no frames; " if place is not None else ""
                    seen.note("missing_expression", place or folder / proper, what + REST)
    return sequences


def _expression(name: str) -> str | None:
    return EXPRESSIONS.get(canonical(name) or "")


def _read_frames(folder: Path, sequence: RecordedSequence, seen: Survey) -> None:
    listing = seen.look(folder)
    place = relative(folder, seen.root)
    for path in listing.files:
        if path.suffix.lower() not in IMAGE_SUFFIXES or not re.fullmatch(r"\d{1,6}", path.stem):
            seen.note("unexpected_file", path, "not read; frames are NNN.jpg")
        elif int(path.stem) in sequence.frames:
            other = sequence.frames[int(path.stem)].rpartition("/")[2]
            seen.note("duplicate_frame", path, f"not read; {other} is; remove one")
        else:
            sequence.frames[int(path.stem)] = f"{place}/{path.name}"
    note_gaps(sorted(sequence.frames), folder, seen)


def _children(folder: Path, seen: Survey, proper: _Proper, known: str = "") -> dict[str, Path]:
    """Sub-folders by their proper names; other spellings are read and listed."""
    listing = seen.look(folder)
    chosen: dict[str, Path] = {}
    for path in sorted(listing.folders, key=lambda path: proper(path.name) != path.name):
        name = proper(path.name)
        if name is None:
            if known or proper is _expression:
                advice = known or nearest(path.name, BASIC)
                seen.note("misnamed_folder", path, f"not read; {advice}")
        elif name in chosen:
            seen.note("misnamed_folder", path, f"not read; {chosen[name].name} is there too")
        else:
            chosen[name] = path
            if name != path.name:
                kind = "mis_cased" if name.casefold() == path.name.casefold() else "misnamed_folder"
                seen.note(kind, path, f"read as {name}; rename it")
    return chosen
