"""Dataset `folder`: a user's own images, paired or not, by folders or by a manifest.

`<spectrum>/<subject>/<expression>/<name>.png`, or `manifest.csv`/`manifest.parquet` in the root.
Images of the same subject, expression and name in two spectra are partners; they are taken to be
registered.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from irfer_bench.api import CLASSES, DamagedError, Item, Match, MissingError
from irfer_datasets.folder.manifest import find_manifest, rows_of
from irfer_datasets.folder.rows import Row, Rows
from irfer_datasets.folds import every_fifth, few_subjects, split_fold
from irfer_datasets.stills import Stills


class Folder(Stills):
    """Stills in a folder; ids are digests of relative paths, so they are opaque."""

    name = "folder"
    classes = CLASSES
    licence = "yours: you answer for the consent of the people in the images"

    def identify(self, root: Path) -> Match:
        """Confident where there is a readable manifest, or images lie three or two levels deep."""
        manifest = find_manifest(root)
        try:
            found = rows_of(root).rows
        except DamagedError as error:
            # A broken manifest still belongs to this dataset: reading it reports the problem.
            return Match(0.6, error.message)
        if manifest is not None:
            return Match(0.9, f"{manifest.name} with {len(found)} usable rows")
        if found:
            return Match(0.8, f"{len(found)} images under {found[0].path.split('/')[0]}/ …")
        return Match(
            0.0,
            "no manifest.csv, and no image as <spectrum>/<subject>/<expression>/<name>.png "
            "with spectrum vis, nir or lwir",
        )

    def walk(self, root: Path) -> Rows:
        """All usable images, and problems: unread files, ambiguous pairs, too few subjects.

        Raises:
            DamagedError: the manifest cannot be read.
        """
        found = rows_of(root)
        moments = [_pair_key(row) for row in found.rows]
        found.items = _items(found.rows, moments)
        _note_ambiguous(found, moments)
        if not any(row.split == "test" for row in found.rows):
            found.problems.extend(few_subjects(found.items))
        return found

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The manifest's own split as one fold; else up to five, every fifth sorted subject.

        Images without a subject are split by pair, or one by one; part `extra` is never
        tested.
        """
        own = [item for item in items if item.part != "extra"]
        if any(item.split == "test" for item in own):
            return [split_fold(own, "test")]
        return every_fifth(own)

    def _given(self, root: Path | None) -> Path:
        if root is None:
            raise MissingError("folder needs images", "say --data-root folder=FOLDER")
        return root


def _items(rows: Sequence[Row], moments: Sequence[str]) -> list[Item]:
    spectra: dict[str, set[tuple[str, str]]] = {}
    for row, moment in zip(rows, moments, strict=True):
        spectra.setdefault(moment, set()).add((row.spectrum, row.lighting))
    return [
        Item(
            id=f"{row.spectrum}_{_short(row.path)}",
            label=row.label,
            subject=row.subject,
            spectrum=row.spectrum,
            files=(row.path,),
            lighting=row.lighting,
            split=row.split,
            part=row.part,
            pair=moment if len(spectra[moment]) > 1 else None,
        )
        for row, moment in zip(rows, moments, strict=True)
    ]


def _pair_key(row: Row) -> str:
    """Key that both partners share: the given pair, else subject, expression and name."""
    if row.pair is not None:
        return row.pair
    return _short("\0".join((row.part, row.subject or "", row.label or "", _stem(row.path))))


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _note_ambiguous(found: Rows, moments: Sequence[str]) -> None:
    claims = [(m, r.spectrum, r.lighting) for r, m in zip(found.rows, moments, strict=True)]
    counts = Counter(claims)
    for item, claim in zip(found.items, claims, strict=True):
        if item.pair and counts[claim] > 1:
            action = "another image of this spectrum claims its partner; "
            found.note("ambiguous_pair", item.files[0], f"{action}give each its own name or pair")
