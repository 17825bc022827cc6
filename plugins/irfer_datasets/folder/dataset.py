"""Dataset `folder`: a user's own images and clips, by folders or by a manifest.

`<spectrum>/<subject>/<expression>/<name>.png`, or `manifest.csv`/`manifest.parquet` in the root.
In place of an image stands a video with or without audio, or a folder of frames. Images of the same
subject, expression and name in two spectra are partners; they are taken to be registered. Clips are
of part `clips`, so that settings of stills and of video read one tree.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from irfer_bench.api import (
    CLASSES,
    DamagedError,
    Item,
    Match,
    Stills,
    few_subjects,
    natural,
    own_folds,
    subfolders,
)
from irfer_datasets.folder.manifest import MANIFESTS, find_manifest, rows_of
from irfer_datasets.folder.rows import Row, Rows, measure, note_colour, spectrum_of
from irfer_datasets.folder.walk import is_media
from irfer_datasets.params import FolderParams

CLIPS = {"main": "clips", "extra": "extra_clips"}
"""The part of a clip, by the part of a still at the same place."""


class Folder(Stills):
    """Stills and clips in a folder; ids are digests of relative paths, so they are opaque."""

    name = "folder"
    classes = CLASSES
    licence = "yours: you answer for the consent of the people in the images"
    params: FolderParams
    params_class = FolderParams

    def identify(self, root: Path) -> Match:
        """Confident where there is a readable manifest, or images lie three or two levels deep."""
        manifest = find_manifest(root)
        try:
            found = rows_of(root, self.params)
        except DamagedError as error:
            # A broken manifest still belongs to this dataset: reading it reports the problem.
            return Match(0.6, error.message)
        if manifest is not None:
            return Match(0.9, f"{manifest.name} with {len(found.rows)} usable rows")
        if found.rows:
            top = found.rows[0].path.split("/")[0]
            return Match(0.8, f"{len(found.rows)} images or clips under {top}/ …")
        return Match(0.0, refusal(root, found))

    def walk(self, root: Path) -> Rows:
        """All usable images and clips, and problems: unread files, ambiguous pairs, few subjects.

        Raises:
            DamagedError: the manifest cannot be read.
        """
        found = rows_of(root, self.params)
        measure(found)
        moments = [_pair_key(row) for row in found.rows]
        found.items = _items(found.rows, moments)
        _note_ambiguous(found, moments)
        note_colour(found)
        _note_no_subjects(found)
        if not any(row.split == "test" for row in found.rows):
            found.problems.extend(few_subjects(found.items))
        return found

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The manifest's own split as one fold; else up to five, every fifth sorted subject."""
        return own_folds(items)


def _items(rows: Sequence[Row], moments: Sequence[str]) -> list[Item]:
    spectra: dict[str, set[tuple[str, str]]] = {}
    lengths: dict[str, set[int]] = {}
    for row, moment in zip(rows, moments, strict=True):
        spectra.setdefault(moment, set()).add((row.spectrum, row.lighting))
        lengths.setdefault(moment, set()).add(row.frames)
    return [
        Item(
            id=f"{row.spectrum}_{_short(row.path)}",
            label=row.label,
            subject=row.subject,
            spectrum=row.spectrum,
            files=row.files or (row.path,),
            lighting=row.lighting,
            split=row.split,
            part=_part(row),
            pair=moment if len(spectra[moment]) > 1 else None,
            weak_pair=len(spectra[moment]) > 1 and len(lengths[moment]) > 1,
            frames=row.frames,
            audio=row.audio,
        )
        for row, moment in zip(rows, moments, strict=True)
    ]


def _part(row: Row) -> str:
    return CLIPS.get(row.part, row.part) if row.clip else row.part


def _pair_key(row: Row) -> str:
    """Key that both partners share: the given pair, else subject, expression and name."""
    if row.pair is not None:
        return row.pair
    name = PurePosixPath(row.path).stem
    return _short("\0".join((_part(row), row.subject or "", row.label or "", name)))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _note_ambiguous(found: Rows, moments: Sequence[str]) -> None:
    claims = [(m, r.spectrum, r.lighting) for r, m in zip(found.rows, moments, strict=True)]
    counts = Counter(claims)
    for item, claim in zip(found.items, claims, strict=True):
        if item.pair and counts[claim] > 1:
            action = "another image of this spectrum claims its partner; "
            found.note("ambiguous_pair", item.files[0], f"{action}give each its own name or pair")


def _note_no_subjects(found: Rows) -> None:
    """`no_subject` where people may be in training and test, with a pattern that may name them."""
    nameless = [row for row in found.rows if row.subject is None and row.part != "extra"]
    if not nameless:
        return
    starts = Counter(re.split(r"[_.\s-]", PurePosixPath(row.path).name)[0] for row in nameless)
    action = f"{len(nameless)} of {len(found.rows)} images and clips have no subject: one person " \
             "may be in training and in test"
    if 1 < len(starts) <= len(nameless) // 2:
        shown_names = ", ".join(sorted(starts, key=natural)[:3])
        action += (
            f"; if the first part of a name is the subject ({len(starts)}: {shown_names} …), say "
            "-p folder.subject='^[^_. -]+'"
        )
    else:
        action += "; put each person's into a folder: <spectrum>/<subject>/<expression>"
    found.note("no_subject", nameless[0].path, action)


LEVELS = 3
"""How far above or below the given root a better one is looked for."""
LOOKED_AT = 100
"""Folders of one level that are looked into."""


def refusal(root: Path, found: Rows) -> str:
    """One line: what was found, and the folder that may be meant."""
    parts = ["no image or clip was found"]
    better = next(better_roots(root), None)
    if better is not None:
        parts.append(f"did you mean {better}/?")
    elif any(is_media(path) for path in found.look(root).files):
        parts.append(
            "images lie directly in it: sort them into folders, or write manifest.csv with the "
            "columns path,subject,spectrum,label"
        )
    elif _lacks_spectrum(root):
        parts.append(
            "no folder names the spectrum: move all into nir/ (or vis/, lwir/), or say "
            "-p folder.spectrum=nir"
        )
    elif found.problems:
        first, more = found.problems[0], len(found.problems) - 1
        rest = f" (and {more} more)" if more else ""
        parts.append(f"{first.path}: {first.action}{rest}")
    return "; ".join(parts)


def better_roots(root: Path) -> Iterator[Path]:
    """Folders above or below a root that hold a manifest or folders named after spectra."""
    given = root.absolute()
    for above in islice(given.parents, LEVELS):
        if spectrum_of(given.relative_to(above).parts[0]) is not None:
            yield above
    level = [root]
    for _ in range(LEVELS):
        level = [below for folder in level for below in subfolders(folder)][:LOOKED_AT]
        yield from (folder for folder in level if _is_root(folder))


def _is_root(folder: Path) -> bool:
    if any((folder / name).is_file() for name in MANIFESTS):
        return True
    return any(spectrum_of(below.name) and subfolders(below) for below in subfolders(folder))


def _lacks_spectrum(root: Path) -> bool:
    return not any(spectrum_of(folder.name) for folder in subfolders(root))
