"""Dataset `large_hfe`: Large-HFE in the layout proposed in `docs/datasets.md`.

Introduced with NFER-Former (Luo, Wang, Wang, Zhu, Zhao, Gao, arXiv 2312.05907) and used in
NFER-SDE: 360 subjects, six basic expressions, visible and near-infrared. No page, sizes or licence
are public, so users convert it into this layout. An item is a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from irfer_bench.api import (
    BASIC,
    Item,
    Match,
    Matches,
    OfficialDataset,
    Recorded,
    SequenceKey,
    Survey,
    top_folders,
)
from irfer_datasets.large_hfe.layout import CAMERAS, EXPRESSIONS, SUBJECTS, TABLE, read, subject_of

LAYOUT = "{VIS,NIR}/S001/Anger/000.jpg"


class LargeHfe(OfficialDataset):
    """360 subjects, six expressions, visible and near-infrared cameras."""

    name = "large_hfe"
    classes = BASIC
    licence = "not public: ask the authors of NFER-Former; treated as no publication of images"
    wanted = f"no {LAYOUT} with S001 to S360 below it"
    table = TABLE

    def is_there(self, root: Path, found: Matches) -> bool:
        """Whether VIS or NIR holds numbered subjects."""
        return any(subject_of(hit.facts["subject"]) for hit in found.of("frame"))

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where there are sequences."""
        items = self.survey(root).items
        if not items:
            return Match(0.3, f"it has VIS or NIR with subjects but no {LAYOUT}")
        return Match(0.95, f"{len(items)} sequences as {LAYOUT}")

    def collect(self, found: Matches, seen: Survey) -> None:
        """All sequences by the folders' names, and problems."""
        seen.items.extend(_items(read(found, seen)))

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is inside the tree."""
        names = {name.capitalize() for name in top_folders(found)}
        if names & set(SUBJECTS):
            return ["it holds subjects: give the folder above it"]
        if names & set(EXPRESSIONS.values()):
            return ["it holds one subject's expressions: give the folder of VIS and NIR"]
        return []


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
