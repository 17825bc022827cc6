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
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from irfer_bench.api import (
    CLASSES,
    Clip,
    DamagedError,
    Item,
    Match,
    MissingError,
    Params,
    Stills,
    clip_of,
    every_fifth,
    few_subjects,
    natural,
    split_fold,
)
from irfer_datasets.folder.folder_params import FolderParams
from irfer_datasets.folder.hints import refusal
from irfer_datasets.folder.manifest import find_manifest, rows_of
from irfer_datasets.folder.measuring import Measured, measure, note_colour
from irfer_datasets.folder.rows import Row, Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIPS = {"main": "clips", "extra": "extra_clips"}
"""The part of a clip, by the part of a still at the same place."""


class Folder(Stills):
    """Stills and clips in a folder; ids are digests of relative paths, so they are opaque."""

    name = "folder"
    classes = CLASSES
    licence = "yours: you answer for the consent of the people in the images"

    def __init__(self, params: Params | None = None) -> None:
        super().__init__(params or FolderParams())

    def identify(self, root: Path) -> Match:
        """Confident where there is a readable manifest, or images lie three or two levels deep."""
        manifest = find_manifest(root)
        try:
            found = self._rows(root)
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
        found = self._rows(root)
        moments = [_pair_key(row) for row in found.rows]
        found.items = _items(found.rows, moments, measure(found))
        _note_ambiguous(found, moments)
        note_colour(found)
        _note_no_subjects(found)
        if not any(row.split == "test" for row in found.rows):
            found.problems.extend(few_subjects(found.items))
        return found

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The still, or frames of the clip, as stored; grey repeated to three channels.

        Raises:
            DamagedError: it cannot be decoded.
        """
        from irfer_bench.api import VIDEO_SUFFIXES, read_video

        if PurePosixPath(item.files[0]).suffix.lower() not in VIDEO_SUFFIXES:
            return super().read(root, item, frames)
        pixels, fps = read_video(self._given(root), item.files[0], frames)
        return clip_of(item, pixels, fps=fps)

    def read_audio_track(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """The left channel at its own rate, (samples,) float32; None without audio.

        Raises:
            DamagedError: the sound cannot be decoded.
        """
        from irfer_bench.api import read_audio_track

        return read_audio_track(self._given(root), item.audio) if item.audio else None

    def _rows(self, root: Path) -> Rows:
        assert isinstance(self.params, FolderParams)
        return rows_of(root, self.params)

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """The manifest's own split as one fold; else up to five, every fifth sorted subject.

        Images without a subject are split by pair, or one by one; part `extra` is never
        tested.
        """
        own = [item for item in items if not item.part.startswith("extra")]
        if any(item.split == "test" for item in own):
            return [split_fold(own, "test")]
        return every_fifth(own)

    def _given(self, root: Path | None) -> Path:
        if root is None:
            raise MissingError("folder needs images", "say --data-root folder=FOLDER")
        return root


def _items(
    rows: Sequence[Row], moments: Sequence[str], measured: Sequence[Measured]
) -> list[Item]:
    spectra: dict[str, set[tuple[str, str]]] = {}
    lengths: dict[str, set[int]] = {}
    for row, moment, own in zip(rows, moments, measured, strict=True):
        spectra.setdefault(moment, set()).add((row.spectrum, row.lighting))
        lengths.setdefault(moment, set()).add(own.frames)
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
            frames=own.frames,
            audio=own.audio,
        )
        for row, moment, own in zip(rows, moments, measured, strict=True)
    ]


def _part(row: Row) -> str:
    return CLIPS.get(row.part, row.part) if row.clip else row.part


def _pair_key(row: Row) -> str:
    """Key that both partners share: the given pair, else subject, expression and name."""
    if row.pair is not None:
        return row.pair
    return _short("\0".join((_part(row), row.subject or "", row.label or "", _stem(row.path))))


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
