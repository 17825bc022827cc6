"""Dataset `large_hfe`: Large-HFE in the layout proposed in `docs/datasets.md`.

Introduced with NFER-Former (Luo, Wang, Wang, Zhu, Zhao, Gao, arXiv 2312.05907) and used in
NFER-SDE: 360 subjects, six basic expressions, visible and near-infrared. No page, sizes or licence
are public, so users convert it into this layout. An item is a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from irfer_bench.api import BASIC, Item, Match, MissingError
from irfer_datasets.folds import Lists, cut_folds, read_folds
from irfer_datasets.large_hfe.layout import SUBJECTS, RecordedSequence, find_base, walk
from irfer_datasets.large_hfe.metadata import NAME, read_metadata
from irfer_datasets.stills import Stills, Survey
from irfer_datasets.tree import list_folder, obstacles, odd_folders, relative, subfolders

LAYOUT = "{VIS,NIR}/S001/Anger/000.jpg"


class LargeHfe(Stills):
    """360 subjects, six expressions, visible and near-infrared cameras."""

    name = "large_hfe"
    classes = BASIC
    licence = "not public: ask the authors of NFER-Former; treated as no publication of images"

    def identify(self, root: Path) -> Match:
        """Confident where VIS or NIR with numbered subjects lies at most four levels down."""
        base = find_base(root)
        if base is None:
            return Match(0.0, _why_not(root))
        found = self.survey(root).items
        where = relative(base, root)
        if not found:
            return Match(0.3, f"{where} has VIS or NIR with subjects but no {LAYOUT}")
        return Match(0.95, f"{len(found)} sequences under {where}")

    def walk(self, root: Path) -> Survey:
        """Sequences and problems; a metadata.csv beside VIS and NIR overrides folders' names."""
        base = find_base(root)
        if base is None:
            raise MissingError(f"{root} is not large_hfe: {_why_not(root)}")
        seen = Survey(root)
        sequences = read_metadata(base, seen) if (base / NAME).is_file() else walk(base, seen)
        seen.items.extend(_items(sequences))
        for spectrum in ("vis", "nir"):
            people = {item.subject for item in seen.items if item.spectrum == spectrum}
            if people and len(people) != len(SUBJECTS):
                action = f"{len(people)} subjects, {len(SUBJECTS)} are published"
                seen.note("unexpected_count", base / spectrum.upper(), f"{action}; all are used")
        seen.problems.extend(odd_folders((root, base, *subfolders(base)), root))
        return seen

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The five published test lists (every fifth subject), cut to the subjects present."""
        return cut_folds(published_folds(), items)


def published_folds() -> Lists:
    """Test subjects of folds 1 to 5: a partition of S001 to S360, read from the package."""
    return read_folds("large_hfe")


def _items(sequences: Sequence[RecordedSequence]) -> Iterator[Item]:
    partners: dict[tuple[str, str], list[RecordedSequence]] = {}
    for sequence in sequences:
        partners.setdefault((sequence.subject, sequence.label), []).append(sequence)
    for sequence in sequences:
        both = partners[sequence.subject, sequence.label]
        pair_key = f"{sequence.subject.casefold()}_{sequence.label}"
        yield Item(
            id=f"{sequence.spectrum}_{pair_key}",
            label=sequence.label,
            subject=sequence.subject,
            spectrum=sequence.spectrum,
            files=tuple(sequence.frames[number] for number in sorted(sequence.frames)),
            pair=pair_key if len(both) == 2 else None,
            weak_pair=len(both) == 2 and both[0].pair_keys != both[1].pair_keys,
            frames=len(sequence.frames),
        )


def _why_not(root: Path) -> str:
    listing = list_folder(root, root)
    names = [path.name for path in listing.folders]
    hints = ["no VIS or NIR folder with S001 to S360 at most four levels below it"]
    if any(name in SUBJECTS for name in names):
        hints.append("it holds subjects: give the folder above it")
    elif any(name in ("Anger", "Happiness") for name in names):
        hints.append("it holds one subject's expressions: give the folder of VIS and NIR")
    return "; ".join((*hints, *obstacles(root)))
