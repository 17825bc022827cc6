"""A user's own images and clips by their folders' names; what is read, and what is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from irfer_bench.api import IMAGE_SUFFIXES, VIDEO_SUFFIXES, Spectrum, canonical, relative
from irfer_datasets.folder.rows import (
    LAYOUT,
    SPECTRA,
    Row,
    Rows,
    label_of,
    near_name,
    spectrum_of,
    why_no_label,
)
from irfer_datasets.params import FolderParams

SOUNDS = frozenset({".aac", ".flac", ".m4a", ".mp3", ".ogg", ".wav"})
_CONVERT = {
    "HEIC": (".heic", ".heif"),
    "AVIF": (".avif",),
    "EPS": (".eps", ".ps"),
    "DDS": (".dds",),
    "JPEG 2000": (".jp2", ".j2k"),
    "a camera's raw image": (".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"),
    "PDF": (".pdf",),
    "Photoshop": (".psd",),
}
UNREAD = {suffix: f"{what}: convert it to PNG or JPEG" for what, all_ in _CONVERT.items()
          for suffix in all_} | {
    ".gif": "a GIF: save it as PNG, an animation as a video or as a folder of frames",
    ".apng": "an animation: save it as a video or as a folder of frames",
}  # fmt: skip
"""Suffixes of images that are not read, and what to do."""


def is_image(path: Path) -> bool:
    """Whether a file is read as an image, by its suffix."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def is_media(path: Path) -> bool:
    """Whether a file is an image or a video, read or not."""
    suffix = path.suffix.lower()
    return suffix in IMAGE_SUFFIXES or suffix in VIDEO_SUFFIXES or suffix in UNREAD


def note_unread(path: Path, found: Rows) -> None:
    """Note a file that is not read: an image of another format, or no image."""
    advice = UNREAD.get(path.suffix.lower())
    if advice is not None:
        found.note("unread_image", path, f"not read; {advice}")
    else:
        found.note("unexpected_file", path, "not read; it is no image")


def frames_of(folder: Path, found: Rows) -> tuple[str, ...]:
    """The images of a folder of frames in natural order; what else is there is noted."""
    listing = found.look(folder)
    for path in listing.folders:
        found.note("unexpected_folder", path, "not read; a folder of frames holds images")
    for path in listing.files:
        if not is_image(path):
            note_unread(path, found)
    frames = tuple(relative(path, found.root) for path in listing.files if is_image(path))
    if not frames:
        found.note("empty_folder", folder, "not read; it holds no images")
    return frames


def leaf_rows(folder: Path, fact: Row, found: Rows, *, folders: bool = True) -> list[Row]:
    """The images, videos and folders of frames in one folder, with the facts of `fact`.

    A sound file of the same name is a clip's sound.

    Args:
        folders: whether folders inside are folders of frames.
    """
    listing = found.look(folder)
    sounds = {path.stem: path for path in listing.files if path.suffix.lower() in SOUNDS}
    rows: list[Row] = []
    for path in listing.files:
        place = relative(path, found.root)
        if is_image(path):
            rows.append(replace(fact, path=place))
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            sound = _sound(sounds, path.stem, found)
            rows.append(replace(fact, path=place, video=True, audio=sound))
        elif path.suffix.lower() not in SOUNDS:
            note_unread(path, found)
    for path in listing.folders if folders else ():
        if frames := frames_of(path, found):
            sound = _sound(sounds, path.name, found)
            place = relative(path, found.root)
            rows.append(replace(fact, path=place, files=frames, audio=sound))
    for path in sounds.values():
        found.note("unexpected_file", path, "not read; no clip beside it has its name")
    return rows


def _sound(sounds: dict[str, Path], stem: str, found: Rows) -> str:
    path = sounds.pop(stem, None)
    return "" if path is None else relative(path, found.root)


def walk(root: Path, params: FolderParams) -> Rows:
    """Rows of `<spectrum>/<subject>/<expression>/<name>.png`, the subject's level optional.

    Subject and expression may be swapped. A video is read in place of an image, and a folder of
    images as one clip where an image would be, beneath the subject. `extra/` holds other people's
    visible images (part `extra`).
    """
    found = Rows(root)
    folders = found.look(root).folders
    if params.spectrum and not any(spectrum_of(folder.name) for folder in folders):
        _Spectrum(found, params, params.spectrum, "main").walk(root)
        return found
    for folder in folders:
        spectrum = spectrum_of(folder.name)
        if folder.name.casefold() == "extra":
            _Spectrum(found, params, "vis", "extra").walk(folder)
        elif spectrum is not None:
            if folder.name != spectrum:
                found.note("misnamed_folder", folder, f"read as {spectrum}; rename it")
            _Spectrum(found, params, spectrum, "main").walk(folder)
        else:
            found.note("misnamed_folder", folder, f"not read; {near_name(folder.name, SPECTRA)}")
    return found


@dataclass(frozen=True)
class _Spectrum:
    """The walk below one spectrum's folder."""

    found: Rows
    params: FolderParams
    spectrum: Spectrum
    part: str

    def walk(self, folder: Path) -> None:
        listing = self.found.look(folder)
        self._refuse_strays(listing.files)
        inside = {below: self.found.look(below) for below in listing.folders}
        by_expression = any(
            self._is_expression(below, inside[below].folders) for below in inside
        )
        known = by_expression or any(
            self._is_known(leaf) for inner in inside.values() for leaf in inner.folders
        )
        for below, inner in inside.items():
            if by_expression and not any(map(self._is_known, inner.folders)):
                self._read_expression(below, inner.folders)
                continue
            self._refuse_strays(inner.files)
            for leaf in inner.folders:
                label = self._label(leaf, known)
                self._read(leaf, label, below.name)

    def _is_known(self, folder: Path) -> bool:
        """Whether its name is an expression, or one of the own classes that were named."""
        return canonical(folder.name) is not None or (
            label_of(folder.name, self.params.own) in self.params.own
        )

    def _is_expression(self, folder: Path, inner: Iterable[Path]) -> bool:
        return self._is_known(folder) and not any(map(self._is_known, inner))

    def _read_expression(self, folder: Path, subjects: Iterable[Path]) -> None:
        """Images below an expression, without subjects or in one folder for each."""
        label = self._label(folder, known=True)
        if label is None:
            return
        for below in subjects:
            self._read(below, label, below.name)
        rows = leaf_rows(folder, self._fact(label, None), self.found, folders=False)
        self.found.rows += map(self._with_subject, rows)

    def _read(self, folder: Path, label: str | None, subject: str) -> None:
        if label is not None:
            self.found.rows += leaf_rows(folder, self._fact(label, subject), self.found)

    def _label(self, folder: Path, known: bool) -> str | None:
        label = label_of(folder.name, self.params.own)
        if not self._is_known(folder):
            if any(map(self._is_known, self.found.look(folder).folders)):
                action = f"not read; it is a level too many: {LAYOUT}"
                self.found.note("unexpected_folder", folder, action)
                return None
            if not known:
                label = None
        if label is None:
            self.found.note("unknown_label", folder, f"not read; {why_no_label(folder.name)}")
        return label

    def _fact(self, label: str, subject: str | None) -> Row:
        return Row("", self.spectrum, label, subject, part=self.part)

    def _with_subject(self, row: Row) -> Row:
        """The row with the subject that its name holds, where a pattern was given."""
        match = self.params.subject and re.search(
            self.params.subject, PurePosixPath(row.path).stem
        )
        if not match:
            return row
        return replace(row, subject=(match[1] if match.re.groups else match[0]) or None)

    def _refuse_strays(self, files: Iterable[Path]) -> None:
        for path in files:
            if is_media(path):
                self.found.note("unexpected_file", path, f"not read; images lie in {LAYOUT}")
