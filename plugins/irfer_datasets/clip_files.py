"""Files of video datasets: frames in folders, or video files, named by clip numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import DamagedError
from irfer_datasets.problems import Notes
from irfer_datasets.tree import (
    closed,
    flaw,
    is_junk,
    natural,
    odd_folders,
    relative,
    subfolders,
)

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png"})
VIDEOS = frozenset({".avi", ".mkv", ".mov", ".mp4"})
_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True)
class ClipFiles:
    """The files that hold the frames of one clip: many images, or one video."""

    files: tuple[str, ...]
    frames: int


@dataclass(frozen=True)
class VideoTree:
    """One unpacked copy of a video dataset.

    Args:
        holders: folders that only hold others. lists: folders that may hold the fold lists.
        sources: folders of frames by their official names.
    """

    base: Path
    holders: tuple[Path, ...]
    sources: Mapping[str, Path]
    lists: tuple[Path, ...]
    video_sources: ClassVar[frozenset[str]]
    """The sources that are videos, others being folders of images."""

    def files_of(
        self, source: str, wanted: Iterable[str] | None, seen: Notes
    ) -> dict[str, ClipFiles]:
        """The frames of the wanted clips (None: of all) in one of the official forms."""
        folder = self.sources[source]
        if source in self.video_sources:
            return videos(files_by_number(folder, VIDEOS, seen), wanted, seen)
        return folders_of_frames(folder, wanted, seen)

    def clips(self, source: str, root: Path) -> set[str]:
        """Numbers of all clips that have frames in one of the official forms."""
        folder, quiet = self.sources[source], Notes(root)
        if source in self.video_sources:
            return set(files_by_number(folder, VIDEOS, quiet))
        return set(clip_folders(folder, quiet))


def note_folders(trees: Sequence[VideoTree], names: Iterable[str], seen: Notes) -> None:
    """Note unusual folders of a tree: other letter case, links, archives, second copies.

    Args:
        trees: the one that is read, then other copies. names: proper names of folders.
    """
    tree = trees[0]
    inner = [path for folder in tree.lists for path in _with_all_below(folder)]
    above = (seen.root, tree.base, *tree.holders, *inner)
    seen.problems.extend(odd_folders(above, seen.root, names))
    where = relative(tree.base, seen.root)
    for other in trees[1:]:
        action = f"not read, {where} is; give its own folder as root to use it"
        seen.note("second_tree", other.base, action)


def clip_number(text: str) -> str | None:
    """Five digits from `1`, `00001`, `1.0` (pandas) or `00001.mp4`; None where it is no number."""
    match = re.fullmatch(r"(\d{1,5})(?:\.\w{1,4})?", text)
    return f"{int(match[1]):05d}" if match else None


def folders_of_frames(
    folder: Path, wanted: Iterable[str] | None, seen: Notes
) -> dict[str, ClipFiles]:
    """Frames of the wanted clips (None: of all): `<folder>/<clip>/<anything><number>.jpg`."""
    names = clip_folders(folder, seen)
    clips = {}
    for clip in sorted(names) if wanted is None else wanted:
        if clip in names and (files := frames_in(folder / names[clip], seen)):
            clips[clip] = ClipFiles(files, len(files))
    return clips


def clip_folders(folder: Path, seen: Notes) -> dict[str, str]:
    """Folders called by numbers, by five-digit number."""
    found: dict[str, str] = {}
    place = relative(folder, seen.root)
    for entry in _listed(folder, seen, place):
        number = clip_number(entry.name)
        if number is None or not entry.is_dir(follow_symlinks=False):
            continue
        if number in found:
            action = f"not read; {found[number]} is; remove one"
            seen.note("duplicate_file", f"{place}/{entry.name}", action)
        else:
            found[number] = entry.name
    return found


def frame_number(name: str) -> int:
    """The last number in a frame's name."""
    match = _NUMBER.search(Path(name).stem)
    return int(match[1]) if match else 0


def frames_in(folder: Path, seen: Notes) -> tuple[str, ...]:
    """The images of one clip by their last number; other files are noted."""
    place, found = relative(folder, seen.root), dict[int, str]()
    above = relative(folder.parent, seen.root)
    for entry in _listed(folder, seen, above):
        stem, _, suffix = entry.name.rpartition(".")
        match, name = _NUMBER.search(stem), f"{place}/{entry.name}"
        if match is None or f".{suffix.lower()}" not in IMAGE_SUFFIXES:
            action = "not read; frames are images whose names end in a number"
            seen.note("unexpected_file", name, action, group=above)
        elif int(match[1]) in found:
            action = f"not read; {found[int(match[1])]} is; remove one"
            seen.note("duplicate_frame", name, action, group=above)
        else:
            found[int(match[1])] = name
    return tuple(found[number] for number in sorted(found))


def files_by_number(folder: Path, suffixes: frozenset[str], seen: Notes) -> dict[str, str]:
    """Files `<number>.mp4` by five-digit number, relative to the root."""
    found: dict[str, str] = {}
    place = relative(folder, seen.root)
    for entry in _listed(folder, seen, place):
        stem, _, suffix = entry.name.rpartition(".")
        number, name = clip_number(stem), f"{place}/{entry.name}"
        if number is None or f".{suffix.lower()}" not in suffixes or entry.is_dir():
            continue
        if number in found:
            seen.note("duplicate_file", name, f"not read; {found[number]} is; remove one")
        else:
            found[number] = name
    return found


def videos(
    names: dict[str, str], wanted: Iterable[str] | None, seen: Notes
) -> dict[str, ClipFiles]:
    """Videos of the wanted clips (None: of all), their frames counted from the header.

    One whose header cannot be read is noted as `empty` or `damaged` and kept with one frame, so
    that a run that needs it stops instead of going on with less.
    """
    from irfer_datasets.video import probe

    def count(clip: str) -> int | DamagedError:
        try:
            return probe(seen.root, names[clip]).frames
        except DamagedError as error:
            return error

    there = [clip for clip in (sorted(names) if wanted is None else wanted) if clip in names]
    with ThreadPoolExecutor(max_workers=4) as pool:
        counts = list(pool.map(count, there))
    clips = {}
    for clip, counted in zip(there, counts, strict=True):
        if isinstance(counted, DamagedError):
            kind = "damaged" if (seen.root / names[clip]).stat().st_size else "empty"
            seen.note(kind, names[clip], f"{counted.message}; a run that needs it stops")
        clips[clip] = ClipFiles((names[clip],), 1 if isinstance(counted, DamagedError) else counted)
    return clips


def _with_all_below(folder: Path) -> list[Path]:
    found = [folder]
    for path in found:
        found.extend(subfolders(path))
    return found


def _listed(folder: Path, seen: Notes, group: str) -> list[os.DirEntry[str]]:
    """Entries of a folder in natural order; problems are counted per `group`.

    Problems: `unreadable` (no permission), `outside_root` (links), `bad_name`.
    """
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: natural(entry.name))
    except OSError as error:
        seen.note("unreadable", folder, closed(error), group=group)
        return []
    good = []
    for entry in listed:
        if is_junk(entry.name):
            continue
        if wrong := flaw(entry, seen.root):
            kind, action = wrong
            seen.note(kind, Path(entry.path), action, group=group)
        else:
            good.append(entry)
    return good
