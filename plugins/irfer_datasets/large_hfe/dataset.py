"""Dataset `large_hfe`: Large-HFE in the layout proposed in datasets.md §5.

Introduced with NFER-Former (Luo, Wang, Wang, Zhu, Zhao, Gao, arXiv 2312.05907) and used in
NFER-SDE: 360 subjects, six basic expressions, visible and near-infrared. No page, sizes or licence
are public, so whoever holds it brings it into this layout. An item is a sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from irfer_bench.api import BASIC, Item, Match, MissingError
from irfer_datasets.folds import Lists, cut_folds, read_folds
from irfer_datasets.large_hfe.layout import SUBJECTS, Take, find_base, walk
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
        """Sure where VIS or NIR with numbered subjects lies at most four levels down."""
        base = find_base(root)
        if base is None:
            return Match(0.0, _why_not(root))
        found = self.survey(root).items
        where = relative(base, root)
        if not found:
            return Match(0.3, f"{where} has VIS or NIR with subjects but no {LAYOUT}")
        return Match(0.95, f"{len(found)} sequences under {where}")

    def walk(self, root: Path) -> Survey:
        """Sequences and problems; a metadata.csv beside VIS and NIR wins over folders' names."""
        base = find_base(root)
        if base is None:
            raise MissingError(f"{root} is not large_hfe: {_why_not(root)}")
        seen = Survey(root)
        takes = read_metadata(base, seen) if (base / NAME).is_file() else walk(base, seen)
        seen.items.extend(_items(takes))
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


def _items(takes: Sequence[Take]) -> Iterator[Item]:
    partners: dict[tuple[str, str], list[Take]] = {}
    for take in takes:
        partners.setdefault((take.subject, take.label), []).append(take)
    for take in takes:
        both = partners[take.subject, take.label]
        moment = f"{take.subject.casefold()}_{take.label}"
        yield Item(
            id=f"{take.spectrum}_{moment}",
            label=take.label,
            subject=take.subject,
            spectrum=take.spectrum,
            files=tuple(take.frames[number] for number in sorted(take.frames)),
            pair=moment if len(both) == 2 else None,
            weak_pair=len(both) == 2 and both[0].moments != both[1].moments,
            frames=len(take.frames),
        )


def _why_not(root: Path) -> str:
    listing = list_folder(root, root)
    names = [path.name for path in listing.folders]
    said = ["no VIS or NIR folder with S001 to S360 at most four levels below it"]
    if any(name in SUBJECTS for name in names):
        said.append("it holds subjects: give the folder above it")
    elif any(name in ("Anger", "Happiness") for name in names):
        said.append("it holds one subject's expressions: give the folder of VIS and NIR")
    return "; ".join((*said, *obstacles(root)))
