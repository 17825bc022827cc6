"""Dataset `oulu_casia`: Oulu-CASIA NIR&VIS as distributed.

Zhao, Huang, Taini, Li, Pietikäinen, "Facial expression recognition from near-infrared videos",
Image and Vision Computing 29(9), 2011. An item is a sequence from neutral to apex. The two cameras
are not frame-aligned, so pairs are of sequences: frames are paired by their position from the end.

Layout of Oulu-CASIA NIR&VIS on disk as a table, and what is missing of it.

Set B `OriginalImg/{NI,VL}/{Strong,Weak,Dark}/P001/Anger/000.jpeg`, and set C, the distributor's
crops, `PreProcess_Img/{NI_Acropped,VL_Acropped}/…` (also `PreProcessImg`, CD-FER-Benchmark). The
folders above the cameras have many spellings: `B_OriginalImg/B_OriginalImg/OriginalImg` unpacked,
`B_OriginalImg` alone (kalabto2/Facial-expression-analysis-from-NIR-image), `Oulu_CASIA_NIR_VIS` in
the copy on Kaggle. Folders and frames that are missing or in another case are of partial copies.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    BASIC,
    Clip,
    DatasetCopy,
    Item,
    Matches,
    OfficialDataset,
    Patterns,
    Recorded,
    SequenceKey,
    Spectrum,
    Survey,
    choose_copy,
    find_copies,
    note_absent_sequences,
    note_other_copies,
    read_sequences,
)
from irfer_datasets.params import OuluCasiaParams

CAMERAS: Mapping[str, Mapping[str, Spectrum]] = {
    "original": {"NI": "nir", "VL": "vis"},
    "preprocessed": {"NI_Acropped": "nir", "VL_Acropped": "vis"},
}
FORMS = {edition: (edition,) for edition in CAMERAS}
ILLUMINATIONS = ("Strong", "Weak", "Dark")
SUBJECTS = tuple(f"P{number:03d}" for number in range(1, 81))
EXPRESSIONS = tuple(label.capitalize() for label in BASIC)
SEQUENCES = len(SUBJECTS) * len(EXPRESSIONS)
"""Per camera and illumination."""


LEVELS = ("camera", "light", "subject", "label")
_BELOW = (
    r"/(?P<light>Strong|Weak|Dark)/(?P<subject>P0(?:0[1-9]|[1-7]\d|80))/"
    rf"(?P<label>{'|'.join(BASIC)})/(?P<frame>\d{{3}})\.jpe?g"
)
TABLE = Patterns(
    {
        "original": f"(?P<camera>NI|VL){_BELOW}",
        "preprocessed": f"(?P<camera>NI_Acropped|VL_Acropped){_BELOW}",
        "log": r"change_log\.txt",
    },
    names=(
        *(name for cameras in CAMERAS.values() for name in cameras),
        *ILLUMINATIONS,
        *SUBJECTS,
        *EXPRESSIONS,
    ),
)


@cache
def published_lengths() -> Mapping[str, Mapping[str, Sequence[int]]]:
    """Published frame counts under Strong light: subject, expression, (VL, NI)."""
    text = files("irfer_datasets.oulu_casia").joinpath("lengths.json").read_text(encoding="utf-8")
    lengths: Mapping[str, Mapping[str, Sequence[int]]] = json.loads(text)
    return lengths


def survey(copy: DatasetCopy, found: Matches, seen: Survey) -> None:
    """All sequences of one copy, and its problems."""
    sequences = read_sequences(copy.of(found, copy.form), LEVELS, found.names, seen)
    for camera, spectrum in CAMERAS[copy.form].items():
        own = {key[1:]: value for key, value in sequences.items() if key[0] == camera}
        if not own:
            place = copy.place(camera)
            seen.note("missing_domain", place, "settings that need this camera cannot run")
            continue
        for light in ILLUMINATIONS:
            lit = {key[1:]: value for key, value in own.items() if key[0] == light}
            place = copy.place(camera, light)
            if lit:
                note_absent_sequences(place, lit, SUBJECTS, EXPRESSIONS, seen)
                totals = light == "Strong" and copy.form == "original"
                _count(place, lit, spectrum == "nir", light == "Strong", totals, seen)
            else:
                action = "settings that need this illumination cannot run"
                seen.note("missing_domain", place, action)
    seen.items.extend(_items(sequences, copy.form))


def _count(
    folder: str,
    sequences: Mapping[SequenceKey, Recorded],
    column: int,
    known: bool,
    totals: bool,
    seen: Survey,
) -> None:
    """Compare one illumination of one camera with the published listing.

    Args:
        column: of the published lengths. known: whether its lengths are published.
        totals: whether its total is; it is compared where no subject is missing.
    """
    lengths = published_lengths()
    for (subject, expression), sequence in sequences.items():
        expected = lengths[subject][expression][column]
        if known and len(sequence.frames) != expected:
            count = f"{len(sequence.frames)} frames where the published listing has {expected}"
            seen.note("frame_count", sequence.folder, f"{count}; all are used")
    if len({subject for subject, _ in sequences}) < len(SUBJECTS):
        return
    if len(sequences) != SEQUENCES:
        action = f"{len(sequences)} sequences where {SEQUENCES} are published; all are used"
        seen.note("unexpected_count", folder, action)
    elif totals:
        frames = sum(len(sequence.frames) for sequence in sequences.values())
        expected = sum(both[column] for own in lengths.values() for both in own.values())
        if frames != expected:
            action = f"{frames} frames where the published listing has {expected}; all are used"
            seen.note("unexpected_count", folder, action)


def _items(sequences: Mapping[SequenceKey, Recorded], edition: str) -> Iterator[Item]:
    """One item per sequence, with ids such as `ni_strong_p001_anger`."""
    cameras = Counter(key[1:] for key in sequences)
    order = {name: place for place, name in enumerate((*CAMERAS[edition], *ILLUMINATIONS))}
    for key in sorted(sequences, key=lambda key: (order[key[0]], order[key[1]], key[2:])):
        camera, light, subject, expression = key
        pair = f"{light}_{subject}_{expression}".casefold()
        paired = cameras[key[1:]] == 2
        yield Item(
            id=f"{camera[:2].casefold()}_{pair}",
            label=expression.casefold(),
            subject=subject,
            spectrum=CAMERAS[edition][camera],
            files=sequences[key].files,
            lighting=light.casefold(),
            pair=pair if paired else None,
            weak_pair=paired,
            part=edition,
            frames=len(sequences[key].frames),
        )


FPS = 25.0


class OuluCasia(OfficialDataset):
    """80 subjects, six expressions, near-infrared and visible, three illuminations."""

    name = "oulu_casia"
    classes: tuple[str, ...] = BASIC
    licence = (
        "on request from the University of Oulu (CMVS), signed agreement; treated as research "
        "only, no redistribution, no publication of images"
    )
    wanted = "no NI, VL, NI_Acropped or VL_Acropped folder with Strong, Weak or Dark below it"
    table = TABLE
    roles = tuple(FORMS)
    inner: ClassVar[Mapping[str, str]] = {
        "/(?:Strong|Weak|Dark)": "it holds Strong, Weak or Dark: give the folder above it",
        r"/P\d{3}": "it holds P001 and others: give the folder two above it",
        f"/(?:{'|'.join(BASIC)})": "it holds one subject's expressions: give the folder three "
        "above it",
    }
    params: OuluCasiaParams
    params_class = OuluCasiaParams

    def collect(self, found: Matches, seen: Survey) -> None:
        """All sequences of one tree, and what is missing or unlike the published listing."""
        copies = find_copies(found, FORMS)
        chosen = choose_copy(copies, self.params.tree, "oulu_casia.tree", seen.root)
        survey(chosen, found, seen)
        note_other_copies(copies, chosen, seen)

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The sequence or some of its frames, grey repeated to three channels.

        Raises:
            DamagedError: a frame cannot be decoded.
        """
        return replace(super().read(root, item, frames), fps=FPS)
