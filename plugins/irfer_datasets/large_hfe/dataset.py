"""Dataset `large_hfe`: Large-HFE in the layout proposed in `docs/datasets.md`.

Introduced with NFER-Former (Luo, Wang, Wang, Zhu, Zhao, Gao, arXiv 2312.05907) and used in
NFER-SDE: 360 subjects, six basic expressions, visible and near-infrared. No page, sizes or licence
are public, so users convert it into this layout. An item is a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from irfer_bench.api import BASIC, Item, Match, Stills, Survey
from irfer_datasets.folds import Lists, cut_folds, read_folds
from irfer_datasets.large_hfe.layout import CAMERAS, TABLE, read, stray, subject_of
from irfer_datasets.recorded import Key, Recorded

LAYOUT = "{VIS,NIR}/S001/Anger/000.jpg"


class LargeHfe(Stills):
    """360 subjects, six expressions, visible and near-infrared cameras."""

    name = "large_hfe"
    classes = BASIC
    licence = "not public: ask the authors of NFER-Former; treated as no publication of images"

    table = TABLE

    def identify(self, root: Path) -> Match:
        """Confident where VIS or NIR holds numbered subjects."""
        found = self.find(root)
        if not any(subject_of(hit.facts["subject"]) for hit in found.of("frame")):
            what = f"no {LAYOUT} with S001 to S360 below it"
            return Match(0.0, "; ".join((what, *stray(found), *self.hints(root))))
        items = self.survey(root).items
        if not items:
            return Match(0.3, f"it has VIS or NIR with subjects but no {LAYOUT}")
        return Match(0.95, f"{len(items)} sequences as {LAYOUT}")

    def walk(self, root: Path) -> Survey:
        """All sequences by the folders' names, and problems.

        Raises:
            MissingError: no tree of this dataset lies there.
        """
        found = self.find(root)
        if not any(subject_of(hit.facts["subject"]) for hit in found.of("frame")):
            raise self.unlike(root)
        seen = Survey(root, problems=list(found.problems()))
        seen.items.extend(_items(read(found, seen)))
        return seen

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The five published test lists (every fifth subject), cut to the subjects present."""
        return cut_folds(published_folds(), items)


def published_folds() -> Lists:
    """Test subjects of folds 1 to 5: a partition of S001 to S360, read from the package."""
    return read_folds("large_hfe")


def _items(sequences: Mapping[Key, Recorded]) -> Iterator[Item]:
    partners: dict[Key, list[Recorded]] = {}
    for key, sequence in sequences.items():
        partners.setdefault(key[1:], []).append(sequence)
    for camera, spectrum in CAMERAS.items():
        for key in sorted(key for key in sequences if key[0] == camera):
            frames, both = sequences[key].frames, partners[key[1:]]
            name = f"{key[1]}_{key[2]}".casefold()
            yield Item(
                id=f"{spectrum}_{name}",
                label=key[2].casefold(),
                subject=key[1],
                spectrum=spectrum,
                files=tuple(frames[number] for number in sorted(frames)),
                pair=name if len(both) == 2 else None,
                weak_pair=len(both) == 2 and both[0].frames.keys() != both[1].frames.keys(),
                frames=len(frames),
            )
