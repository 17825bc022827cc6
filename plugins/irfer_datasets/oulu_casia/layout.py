"""Layout of Oulu-CASIA NIR&VIS on disk as a table, and what is missing of it.

Set B `OriginalImg/{NI,VL}/{Strong,Weak,Dark}/P001/Anger/000.jpeg`, and set C, the distributor's
crops, `PreProcess_Img/{NI_Acropped,VL_Acropped}/…`. The folders above the cameras circulate in many
spellings (`B_OriginalImg/B_OriginalImg/OriginalImg`, `Oulu_CASIA_NIR_VIS`, none).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from irfer_bench.api import Item, Matches, Patterns, Spectrum, Survey, canonical, nearest
from irfer_datasets.problems import REST
from irfer_datasets.recorded import Key, Level, Recorded, one_of, read_sequences

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
Lengths = Mapping[str, Mapping[str, Sequence[int]]]
"""Published frame counts under Strong light: subject, expression, (VL, NI)."""


def _expression(name: str) -> str | None:
    label = canonical(name)
    return label.capitalize() if label and label.capitalize() in EXPRESSIONS else None


LEVELS: Mapping[Edition, Sequence[Level]] = {
    edition: (
        one_of("camera", tuple(cameras)),
        one_of("light", ILLUMINATIONS),
        one_of("subject", SUBJECTS),
        Level("label", _expression, lambda n: nearest(n, [e.casefold() for e in EXPRESSIONS])),
    )
    for edition, cameras in CAMERAS.items()
}
_BELOW = r"/(?P<light>Strong|Weak|Dark)/(?P<subject>[^/]+)/(?P<label>[^/]+)/(?P<frame>\d{3})\.jpe?g"
TABLE = Patterns(
    {
        "original": f"(?P<camera>NI|VL){_BELOW}",
        "preprocessed": f"(?P<camera>NI_Acropped|VL_Acropped){_BELOW}",
        "log": r"change_log\.txt",
    }
)


@dataclass(frozen=True)
class Tree:
    """One copy: the folder that holds the cameras' folders, below the root."""

    base: str
    edition: Edition

    def place(self, *names: str) -> str:
        """A folder of this copy."""
        return "/".join(filter(None, (self.base, *names)))


def find_trees(found: Matches) -> list[Tree]:
    """Every folder that holds a camera's folder with sequences."""
    trees = [Tree(hit.base, edition) for edition in CAMERAS for hit in found.of(edition)]
    return list(dict.fromkeys(trees))


def survey(tree: Tree, found: Matches, root: Path, lengths: Lengths) -> Survey:
    """All sequences of a tree, and its problems."""
    seen = Survey(root, problems=list(found.problems()))
    hits = [hit for hit in found.of(tree.edition) if hit.base == tree.base]
    sequences = read_sequences(hits, LEVELS[tree.edition], seen)
    for camera, spectrum in CAMERAS[tree.edition].items():
        own = {key[1:]: value for key, value in sequences.items() if key[0] == camera}
        if not own:
            place = tree.place(camera)
            seen.note("missing_domain", place, "settings that need this camera cannot run")
            continue
        for light in ILLUMINATIONS:
            lit = {key[1:]: value for key, value in own.items() if key[0] == light}
            place = tree.place(camera, light)
            if lit:
                _name_absent(place, lit, seen)
                _count(place, light, spectrum, lit, tree.edition, seen, lengths)
            else:
                action = "settings that need this illumination cannot run"
                seen.note("missing_domain", place, action)
    seen.items.extend(_items(sequences, tree.edition))
    return seen


def _name_absent(folder: str, sequences: Mapping[Key, Recorded], seen: Survey) -> None:
    people = {subject for subject, _ in sequences}
    for subject in SUBJECTS:
        if subject not in people:
            seen.note("missing_subject", f"{folder}/{subject}", REST)
            continue
        for expression in EXPRESSIONS:
            if (subject, expression) not in sequences:
                seen.note("missing_expression", f"{folder}/{subject}/{expression}", REST)


def _count(
    folder: str,
    light: str,
    spectrum: Spectrum,
    sequences: Mapping[Key, Recorded],
    edition: Edition,
    seen: Survey,
    lengths: Lengths,
) -> None:
    """Compare one illumination of one camera with the published lengths and totals.

    Lengths are known under Strong light only, totals of the original tree; totals are compared
    where no subject is missing.
    """
    column = spectrum == "nir"
    for (subject, expression), sequence in sequences.items():
        expected = lengths[subject][expression][column]
        if light == "Strong" and len(sequence.frames) != expected:
            count = f"{len(sequence.frames)} frames where the published listing has {expected}"
            seen.note("frame_count", sequence.folder, f"{count}; all are used")
    if len({subject for subject, _ in sequences}) < len(SUBJECTS):
        return
    if len(sequences) != SEQUENCES:
        action = f"{len(sequences)} sequences where {SEQUENCES} are published; all are used"
        seen.note("unexpected_count", folder, action)
    elif light == "Strong" and edition == "original":
        frames = sum(len(sequence.frames) for sequence in sequences.values())
        expected = sum(both[column] for own in lengths.values() for both in own.values())
        if frames != expected:
            action = f"{frames} frames where the published listing has {expected}; all are used"
            seen.note("unexpected_count", folder, action)


def _items(sequences: Mapping[Key, Recorded], edition: Edition) -> Iterator[Item]:
    """One item per sequence, with ids such as `ni_strong_p001_anger`."""
    cameras = Counter(key[1:] for key in sequences)
    order = {name: place for place, name in enumerate((*CAMERAS[edition], *ILLUMINATIONS))}
    for key in sorted(sequences, key=lambda key: (order[key[0]], order[key[1]], key[2:])):
        camera, light, subject, expression = key
        frames = sequences[key].frames
        pair = f"{light}_{subject}_{expression}".casefold()
        paired = cameras[key[1:]] == 2
        yield Item(
            id=f"{camera[:2].casefold()}_{pair}",
            label=expression.casefold(),
            subject=subject,
            spectrum=CAMERAS[edition][camera],
            files=tuple(frames[number] for number in sorted(frames)),
            lighting=light.casefold(),
            pair=pair if paired else None,
            weak_pair=paired,
            part=edition,
            frames=len(frames),
        )


def stray(found: Matches) -> list[str]:
    """Hints why a folder is not this dataset."""
    names = {folder.casefold() for folder in found.tree.files if folder and "/" not in folder}
    inside = {
        "it holds Strong, Weak or Dark: give the folder above it": ILLUMINATIONS,
        "it holds P001 and others: give the folder two above it": SUBJECTS,
        "it holds one subject's expressions: give the folder three above it": EXPRESSIONS,
    }
    return [hint for hint, known in inside.items() if names & {name.casefold() for name in known}]
