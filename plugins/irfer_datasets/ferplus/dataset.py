"""Dataset `ferplus`: FER-2013's images with the labels of FER+.

Barsoum, Zhang, Canton Ferrer, Zhang, "Training Deep Networks for Facial Expression Recognition
with Crowd-Sourced Label Distribution", ICMI 2016; images: Goodfellow et al., "Challenges in
Representation Learning", 2013. Ten annotators voted on each of 35,887 images; an image's label is
the class of the majority, and images whose majority is unknown or no face are left out.
There are no subjects.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import (
    CLASSES,
    OTHERS_USED,
    Clip,
    DamagedError,
    DatasetCopy,
    Item,
    LargeSurvey,
    Match,
    Matches,
    SplitDataset,
    Survey,
    clip_of,
    compare_splits,
    note_other_copies,
    visible_still,
)
from irfer_datasets.expected import published
from irfer_datasets.ferplus.pixels import PixelTable, scan
from irfer_datasets.ferplus.votes import (
    HALVES,
    NATIVE,
    TABLE,
    Voted,
    flaw,
    read_list,
    read_votes,
    usable,
)


@dataclass
class FerSurvey(LargeSurvey):
    """A survey of many images, which may be rows of one file.

    Args:
        pixels: the file. rows: the row of each item there.
    """

    pixels: PixelTable | None = None
    rows: dict[str, int] = field(default_factory=dict)


class Ferplus(SplitDataset):
    """An item is a still of 48 x 48 grey pixels, `train`, `val` or `test`."""

    name = "ferplus"
    classes = CLASSES[:8]
    native: ClassVar[tuple[str, ...]] = NATIVE
    licence = (
        "votes: MIT (github.com/microsoft/FERPlus); images: FER-2013's, which name no licence and "
        "come from a web search: treated as no redistribution and no publication"
    )
    wanted = "neither fer2013.csv with fer2013new.csv, nor FER2013Train with label.csv, below it"
    table = TABLE
    tested = "test"
    inner: ClassVar[Mapping[str, str]] = {
        "FER2013(?:Train|Valid|Test)/": "it is one part of it: give the folder that holds "
        "FER2013Train, FER2013Valid, FER2013Test"
    }
    roles = ("image", "list", "votes", "pixels")
    survey_class = FerSurvey

    def match(self, root: Path, found: Matches) -> Match:
        """Confident where images have votes; no image is read."""
        copies = usable(found)
        if copies:
            return Match(0.95, f"FER+ as {copies[0].form} under {copies[0].base or '.'}")
        own = self.stray(root, found)
        return Match(0.0 if own else 0.4, "; ".join((flaw(found), *own, *self.hints(root))))

    def stray(self, root: Path, found: Matches) -> list[str]:
        """Hints where a root is one split, or FER-2013 alone."""
        own = "it is FER-2013 with its own labels: FER+ needs fer2013.csv and fer2013new.csv"
        return [*super().stray(root, found), *([own] if found.of("sorted") else [])]

    def collect(self, found: Matches, seen: Survey) -> None:
        """All images that most annotators saw one expression in, and problems.

        Raises:
            MissingError: images without votes, or votes without images.
            DamagedError: votes and pixels do not stand in one order.
        """
        assert isinstance(seen, FerSurvey)
        copies = usable(found)
        if not copies:
            raise self.unlike(seen.root)
        chosen = copies[0]
        note_other_copies(copies, chosen, seen)
        voted = [read_votes(seen.root / path, seen) for path, _ in found.files("votes")][:1]
        there: dict[str, str] = {}
        if chosen.form == "pixels":
            paths = dict.fromkeys(path for path, _ in chosen.of(found, "pixels")[0].files())
            for path in paths:
                seen.first(there, "pixels", path)
            rows = voted[0]
            self._scan(there["pixels"], rows, seen)
            there = {own.name: there["pixels"] for own in rows if own.name}
        else:
            for hit in chosen.of(found, "image"):
                for path, facts in hit.files():
                    seen.first(there, facts["name"].casefold(), path)
            listed = list(_listed(chosen, found, seen))
            if voted:
                _compare(voted[0], listed, chosen, seen)
            rows = voted[0] if voted else listed
        _take(there, rows, chosen.base or ".", seen)
        edition = published("ferplus")["votes" if voted else "list"]
        seen.problems += compare_splits(chosen.base or ".", "images", seen.items, edition)

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The image, grey repeated to three channels.

        Raises:
            DamagedError: it cannot be decoded.
        """
        if not item.files[0].casefold().endswith(".csv"):
            return super().read(root, item, frames)
        seen = self._seen(root)
        assert seen.pixels is not None
        image = seen.pixels.image(seen.rows[item.id])
        return clip_of(item, image if frames is None else image[list(frames)])

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all images used and of their facts; of rows, the file's name is no part."""
        seen = self._seen(root)
        if seen.pixels is None:
            return super().fingerprint(root)
        facts = sorted(
            f"{item.id} {item.label} {item.split} {seen.pixels.digest(seen.rows[item.id])}"
            for item in seen.items
        )
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    def _seen(self, root: Path | None) -> FerSurvey:
        seen = self.survey(root)
        assert isinstance(seen, FerSurvey)
        return seen

    def _scan(self, path: str, voted: Sequence[Voted], seen: FerSurvey) -> None:
        """The rows of the pixels, which stand in the order of the votes."""
        table = seen.pixels = scan(seen.root / path, seen.root)
        counts = f"{table.name} has {len(table.starts):,} images"
        hint = "restore fer2013.csv and fer2013new.csv, in the order of their distributors"
        if len(table.starts) != len(voted):
            raise DamagedError(f"{counts}, and there are {len(voted):,} rows of votes", hint)
        pairs = zip(voted, table.splits, strict=True)
        if odd := sum(bool(own.name) and own.split != split for own, split in pairs):
            counts = f"{counts}, of which {odd:,} are of another use than their votes"
            raise DamagedError(counts, hint)
        seen.rows = {f"ferplus_{own.name}": row for row, own in enumerate(voted) if own.name}


def _listed(copy: DatasetCopy, found: Matches, seen: FerSurvey) -> Iterator[Voted]:
    for hit in copy.of(found, "list"):
        for path, facts in hit.files():
            yield from read_list(seen.root / path, HALVES[facts["half"].casefold()], seen)


def _compare(
    voted: Sequence[Voted], listed: Sequence[Voted], copy: DatasetCopy, seen: FerSurvey
) -> None:
    """`label_mismatch` where the lists beside the images are the other edition of the votes."""
    labels = {own.name: own.label for own in voted}
    odd = sum(labels.get(own.name, own.label) != own.label for own in listed)
    if odd:
        action = f"label.csv gives {odd:,} images another label than fer2013new.csv, which is used"
        seen.note("label_mismatch", copy.base or ".", action)


def _take(there: Mapping[str, str], voted: Sequence[Voted], place: str, seen: FerSurvey) -> None:
    """One item per image with a label; the others are counted by the reason."""
    without: Counter[str] = Counter()
    named = sorted((own for own in voted if own.name), key=lambda own: own.name)
    for own in named:
        if own.label not in NATIVE:
            without[own.label] += own.name in there
        elif own.name not in there:
            action = f"{own.name} has votes and is not there; {OTHERS_USED}"
            seen.note("missing_item", place, action)
        else:
            name = f"ferplus_{own.name}"
            seen.items.append(visible_still(name, own.label, there[own.name], split=own.split))
    for name in sorted(there.keys() - {own.name for own in named}):
        seen.note("unlabelled_file", there[name], "not read; nobody voted on it")
    if without.total():
        counts = ", ".join(f"{count:,} {why}" for why, count in sorted(without.items()) if count)
        seen.note("left_out", place, f"images without a class of the majority: {counts}")
