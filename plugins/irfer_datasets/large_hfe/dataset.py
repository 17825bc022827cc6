"""Dataset `large_hfe`: Large-HFE in the layout proposed in `docs/datasets.md`.

Introduced with NFER-Former (Luo, Wang, Wang, Zhu, Zhao, Gao, arXiv 2312.05907) and used in
NFER-SDE: 360 subjects, six basic expressions, visible and near-infrared. No page, sizes or licence
are public, so users convert it into this layout. An item is a sequence.

`Large-HFE/{VIS,NIR}/S001/Anger/000.jpg`: S001 to S360, six names, numbers from 000.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from irfer_bench.api import (
    BASIC,
    Item,
    Matches,
    OfficialDataset,
    Patterns,
    Recorded,
    SequenceKey,
    Spectrum,
    Survey,
    note_absent_sequences,
    read_sequences,
)

CAMERAS: Mapping[str, Spectrum] = {"VIS": "vis", "NIR": "nir"}
SUBJECTS = tuple(f"S{number:03d}" for number in range(1, 361))
EXPRESSIONS = {label: label.capitalize() for label in BASIC}
LEVELS = ("camera", "subject", "label")
_SUBJECT = r"S(?:00[1-9]|0[1-9]\d|[12]\d\d|3[0-5]\d|360)"
_FRAME = r"(?P<frame>\d{1,6})\.(?:jpe?g|png|bmp|tiff?|webp)"
TABLE = Patterns(
    {"frame": f"(?P<camera>VIS|NIR)/(?P<subject>{_SUBJECT})/(?P<label>{'|'.join(BASIC)})/{_FRAME}"},
    names=(*CAMERAS, *SUBJECTS, *EXPRESSIONS.values()),
)


def read(found: Matches, seen: Survey) -> dict[SequenceKey, Recorded]:
    """All sequences by camera, subject and expression; missing ones are noted."""
    hits = found.of("frame")
    sequences, base = read_sequences(hits, LEVELS, found.names, seen), hits[0].base
    for camera in CAMERAS:
        own = {key[1:] for key in sequences if key[0] == camera}
        place = f"{base}/{camera}" if base else camera
        if not own:
            seen.note("missing_domain", place, "settings that need this camera cannot run")
            continue
        note_absent_sequences(place, own, SUBJECTS, tuple(EXPRESSIONS.values()), seen)
        people = {subject for subject, _ in own}
        if len(people) != len(SUBJECTS):
            action = f"{len(people)} subjects, {len(SUBJECTS)} are published; all are used"
            seen.note("unexpected_count", place, action)
    return sequences


LAYOUT = "{VIS,NIR}/S001/Anger/000.jpg"


class LargeHfe(OfficialDataset):
    """360 subjects, six expressions, visible and near-infrared cameras."""

    name = "large_hfe"
    classes = BASIC
    licence = "not public: ask the authors of NFER-Former; treated as no publication of images"
    wanted = f"no {LAYOUT} with S001 to S360 below it"
    table = TABLE
    roles = ("frame",)
    inner: ClassVar[Mapping[str, str]] = {
        r"/S\d{3}": "it holds subjects: give the folder above it",
        f"/(?:{'|'.join(BASIC)})": "it holds one subject's expressions: give that of VIS and NIR",
    }

    def collect(self, found: Matches, seen: Survey) -> None:
        """All sequences by the folders' names, and problems."""
        seen.items.extend(_items(read(found, seen)))


def _items(sequences: Mapping[SequenceKey, Recorded]) -> Iterator[Item]:
    partners: dict[SequenceKey, list[Recorded]] = {}
    for key, sequence in sequences.items():
        partners.setdefault(key[1:], []).append(sequence)
    for camera, spectrum in CAMERAS.items():
        for key in sorted(key for key in sequences if key[0] == camera):
            both, name = partners[key[1:]], f"{key[1]}_{key[2]}".casefold()
            yield Item(
                id=f"{spectrum}_{name}",
                label=key[2].casefold(),
                subject=key[1],
                spectrum=spectrum,
                files=sequences[key].files,
                pair=name if len(both) == 2 else None,
                weak_pair=len(both) == 2 and both[0].frames.keys() != both[1].frames.keys(),
                frames=len(sequences[key].frames),
            )
