"""Suffixes of a user's own files: what is read, and the advice for what is not; nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import IMAGE_SUFFIXES, relative
from irfer_datasets.folder.rows import Row, Rows

VIDEOS = frozenset(
    {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv"}
)
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
    return suffix in IMAGE_SUFFIXES or suffix in VIDEOS or suffix in UNREAD


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
        elif path.suffix.lower() in VIDEOS:
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


def stills(rows: Sequence[Row]) -> list[Row]:
    """The rows that are single images."""
    return [row for row in rows if not row.clip]
