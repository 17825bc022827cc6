"""Dataset `folder`: anyone's own pictures, paired or not, by folders or by a manifest.

`<spectrum>/<subject>/<expression>/<name>.png`, or `manifest.csv`/`manifest.parquet` in the root.
Pictures of the same subject, expression and name in two spectra are partners; they are taken to be
registered.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from irfer_bench.api import (
    CLASSES,
    Clip,
    DamagedError,
    Item,
    MissingError,
    Params,
    Problem,
    Recognition,
    content_digest,
)
from irfer_datasets.folder.manifest import find_manifest, rows_of
from irfer_datasets.folder.rows import Row, Rows

FOLDS = 5


class Folder:
    """Stills in a folder; ids are digests of their place in it, so they tell nothing."""

    name = "folder"
    classes = CLASSES
    licence = "yours: you answer for the consent of the people in the pictures"
    private = True

    def __init__(self, params: Params | None = None) -> None:
        self.params = params or Params()

    def recognise(self, root: Path) -> Recognition:
        """Sure where there is a readable manifest, or pictures lie three or two levels deep."""
        manifest = find_manifest(root)
        try:
            found = rows_of(root).rows
        except DamagedError as error:
            # A broken manifest is still this dataset's: reading it says what is wrong.
            return Recognition(0.6, error.message)
        if manifest is not None:
            return Recognition(0.9, f"{manifest.name} with {len(found)} usable rows")
        if found:
            return Recognition(0.8, f"{len(found)} pictures under {found[0].path.split('/')[0]}/ …")
        return Recognition(
            0.0,
            "no manifest.csv, and no picture as <spectrum>/<subject>/<expression>/<name>.png "
            "with spectrum vis, nir or lwir",
        )

    def index(self, root: Path | None) -> Iterable[Item]:
        """One item per usable picture.

        Raises:
            MissingError: no root. DamagedError: the manifest cannot be read.
        """
        return _items(rows_of(_given(root)).rows)

    def problems(self, root: Path | None) -> Iterable[Problem]:
        """What was not read and why, ambiguous pairs, and too few subjects for five folds."""
        found = rows_of(_given(root))
        yield from found.problems
        yield from _ambiguous(found)
        yield from _few(found)

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The picture, 8 or 16 bits as stored, grey repeated to three channels.

        Raises:
            DamagedError: it cannot be decoded.
        """
        from irfer_datasets.pictures import read_pictures

        names = item.files if frames is None else [item.files[position] for position in frames]
        return Clip(
            id=item.id,
            frames=read_pictures(_given(root), names),
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
        )

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The manifest's own split as one fold; else up to five, every fifth sorted subject.

        Pictures without a subject are parted by pair, or by themselves; part `extra` is never
        tested.
        """
        own = [item for item in items if item.part != "extra"]
        if any(item.split == "test" for item in own):
            return [frozenset(item.subject or item.id for item in own if item.split == "test")]
        groups: dict[str, set[str]] = {}
        for item in own:
            group = item.subject or f"\0{item.pair or item.id}"
            groups.setdefault(group, set()).add(item.subject or item.id)
        names = sorted(groups)
        return [
            frozenset().union(*(groups[name] for name in names[fold::FOLDS]))
            for fold in range(min(FOLDS, len(names)))
        ]

    def fingerprint(self, root: Path | None) -> str:
        """Digest of all pictures and what is said about them."""
        where = _given(root)
        return content_digest(where, self.index(where))


def _given(root: Path | None) -> Path:
    if root is None:
        raise MissingError("folder needs pictures", "say --data-root folder=FOLDER")
    return root


def _items(rows: Sequence[Row]) -> list[Item]:
    moments = {row: _moment(row) for row in rows}
    spectra: dict[str, set[tuple[str, str]]] = {}
    for row, moment in moments.items():
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
        for row, moment in moments.items()
    ]


def _moment(row: Row) -> str:
    """What partners share: the given pair, else subject, expression and name."""
    if row.pair is not None:
        return row.pair
    return _short("\0".join((row.part, row.subject or "", row.label or "", _stem(row.path))))


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _ambiguous(found: Rows) -> Iterable[Problem]:
    counts = Counter((_moment(row), row.spectrum, row.lighting) for row in found.rows)
    paired = {item.files[0]: item.pair for item in _items(found.rows)}
    for row in found.rows:
        if paired[row.path] and counts[_moment(row), row.spectrum, row.lighting] > 1:
            yield Problem(
                "ambiguous_pair",
                row.path,
                "another picture of this spectrum claims its partner; "
                "give each its own name or pair",
            )


def _few(found: Rows) -> Iterable[Problem]:
    if any(row.split == "test" for row in found.rows):
        return
    subjects = {row.subject for row in found.rows if row.part != "extra"}
    if 0 < len(subjects) < FOLDS and None not in subjects:
        yield Problem(
            "few_subjects",
            ".",
            f"{len(subjects)} subjects make {len(subjects)} folds instead of "
            f"{FOLDS}; say --fold 1 to {len(subjects)}",
        )
