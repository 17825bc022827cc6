"""What datasets of short films have in common: frames in folders or in video files, and sound."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from irfer_bench.api import Clip, DamagedError, Item, MissingError
from irfer_datasets.fold_lists import Assigned, Notes, group_folds
from irfer_datasets.stills import Stills
from irfer_datasets.tree import JUNK, inside, natural, relative, subfolders

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png"})
VIDEOS = frozenset({".avi", ".mkv", ".mov", ".mp4"})
_NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True)
class Take:
    """Where the frames of one clip are: many pictures, or one video."""

    files: tuple[str, ...]
    frames: int


class FilmClips(Stills):
    """Clips of visible light, read frame by frame and heard apart; five owner's folds."""

    prefix: ClassVar[str]
    """What ids begin with."""

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        """The clip or some of its frames at the owner's size; only these are decoded.

        Raises:
            DamagedError: a picture or the video cannot be decoded.
        """
        from irfer_datasets.pictures import read_pictures
        from irfer_datasets.video import read_frames

        where, fps = self._given(root), None
        if Path(item.files[0]).suffix.lower() in VIDEOS:
            pixels, fps = read_frames(where, item.files[0], frames)
        else:
            names = item.files if frames is None else [item.files[k] for k in frames]
            pixels = read_pictures(where, names)
        return Clip(
            id=item.id,
            frames=pixels,
            spectrum=item.spectrum,
            label=item.label,
            subject=item.subject,
            lighting=item.lighting,
            pair=item.pair,
            fps=fps,
        )

    def listen(self, root: Path | None, item: Item) -> tuple[NDArray[Any], int] | None:
        """The left channel at its own rate, (samples,) float32; None where the clip has no sound.

        Raises:
            DamagedError: the file with the sound is empty or cut off.
        """
        from irfer_datasets.video import read_audio

        return read_audio(self._given(root), item.audio) if item.audio else None

    def choose(self, sources: Mapping[str, Path], wanted: str, root: Path) -> str:
        """The form of frames that is read: the one asked for, or the first there is, or none.

        Raises:
            MissingError: the form asked for is not there.
        """
        if wanted == "auto":
            return next(iter(sources), "")
        if wanted not in sources:
            raise MissingError(
                f"{self.name}.frames = {wanted}: {root} holds {', '.join(sources) or 'none'}",
                f"unpack {wanted} there, or leave frames at auto",
            )
        return wanted

    def collect(
        self,
        takes: Mapping[str, Take],
        labels: Mapping[str, Assigned],
        part: str,
        sounds: Mapping[str, str],
    ) -> list[Item]:
        """One item per clip with frames, in the order of their numbers."""
        return [
            Item(
                id=f"{self.prefix}_{clip}",
                label=labels[clip].label if clip in labels else None,
                subject=None,
                spectrum="vis",
                files=takes[clip].files,
                split=labels[clip].split if clip in labels else "",
                part=part,
                frames=takes[clip].frames,
                audio=sounds.get(clip, ""),
            )
            for clip in sorted(takes)
        ]

    def folds(self, items: Sequence[Item]) -> Sequence[frozenset[str]]:
        """Ids that each of the owner's five test lists holds, of those present."""
        return group_folds(items)


def clip_number(text: str) -> str | None:
    """Five digits from `1`, `00001`, `1.0` (pandas) or `00001.mp4`; None where it is no number."""
    match = re.fullmatch(r"(\d{1,5})(?:\.\w{1,4})?", text)
    return f"{int(match[1]):05d}" if match else None


def folders_of_frames(
    folder: Path, wanted: Iterable[str] | None, root: Path, notes: Notes
) -> dict[str, Take]:
    """Frames of the wanted clips (None: of all): `<folder>/<clip>/<anything><number>.jpg`."""
    places = {number: path for path in subfolders(folder) if (number := clip_number(path.name))}
    takes = {}
    for clip in sorted(places) if wanted is None else wanted:
        if clip in places and (files := frames_in(places[clip], root, notes)):
            takes[clip] = Take(files, len(files))
    return takes


def frame_number(name: str) -> int:
    """The last number in a frame's name."""
    match = _NUMBER.search(Path(name).stem)
    return int(match[1]) if match else 0


def frames_in(folder: Path, root: Path, notes: Notes) -> tuple[str, ...]:
    """The pictures of one clip by their last number; what else lies there is noted."""
    place, found = relative(folder, root), dict[int, str]()
    above = relative(folder.parent, root)
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: natural(entry.name))
    for entry in listed:
        name, (stem, _, suffix) = entry.name, entry.name.rpartition(".")
        if name.startswith(".") or name.casefold() in JUNK:
            continue
        match = _NUMBER.search(stem)
        if (
            match is None
            or f".{suffix.lower()}" not in PICTURES
            or not name.isprintable()
            or ";" in name
        ):
            action = "not read; frames are pictures whose names end in a number"
            notes.add("unexpected_file", f"{place}/{ascii(name)[1:-1]}", action, place=above)
        elif entry.is_symlink() and not inside(Path(entry.path), root):
            action = "links are not followed; copy what it points to"
            notes.add("outside_root", f"{place}/{name}", action, place=above)
        elif int(match[1]) in found:
            action = f"not read; {found[int(match[1])]} is; remove one"
            notes.add("duplicate_frame", f"{place}/{name}", action, place=above)
        else:
            found[int(match[1])] = name
    return tuple(f"{place}/{found[number]}" for number in sorted(found))


def files_by_number(
    folder: Path, suffixes: frozenset[str], root: Path, notes: Notes
) -> dict[str, str]:
    """Files `<number>.mp4` by five-digit number, relative to the root."""
    found: dict[str, str] = {}
    place = relative(folder, root)
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: natural(entry.name))
    for entry in listed:
        stem, _, suffix = entry.name.rpartition(".")
        number = clip_number(stem)
        if number is None or f".{suffix.lower()}" not in suffixes or entry.is_dir():
            continue
        name = f"{place}/{entry.name}"
        if entry.is_symlink() and not inside(Path(entry.path), root):
            action = "links are not followed; copy what it points to"
            notes.add("outside_root", name, action, place=place)
        elif number in found:
            notes.add("duplicate_file", name, f"not read; {found[number]} is; remove one")
        else:
            found[number] = name
    return found


def videos(
    names: dict[str, str], wanted: Iterable[str] | None, root: Path, notes: Notes
) -> dict[str, Take]:
    """Videos of the wanted clips (None: of all), their frames counted from the header.

    One whose header cannot be read is noted as `empty` or `damaged` and kept with one frame, so
    that a run that needs it stops instead of going on with less.
    """
    from irfer_datasets.video import probe

    def count(clip: str) -> int | DamagedError:
        try:
            return probe(root, names[clip]).frames
        except DamagedError as error:
            return error

    there = [clip for clip in (sorted(names) if wanted is None else wanted) if clip in names]
    with ThreadPoolExecutor(max_workers=4) as pool:
        counts = list(pool.map(count, there))
    takes = {}
    for clip, counted in zip(there, counts, strict=True):
        if isinstance(counted, DamagedError):
            kind = "damaged" if (root / names[clip]).stat().st_size else "empty"
            notes.add(kind, names[clip], f"{counted.message}; a run that needs it stops")
        takes[clip] = Take((names[clip],), 1 if isinstance(counted, DamagedError) else counted)
    return takes
