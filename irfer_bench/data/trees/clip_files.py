"""Files of video datasets: frames in folders, or video files, named by clip numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.data.trees.patterns import Found
from irfer_bench.data.trees.survey import Notes
from irfer_bench.errors import DamagedError

if TYPE_CHECKING:
    from irfer_bench.data.trees.video import VideoFacts

CLIP_PATH = r"(?P<clip>\d{1,5})"
FRAME_PATH = r"(?:.*\D)?(?P<frame>\d+)\.(?:jpe?g|png|bmp)"
VIDEO_PATH = rf"{CLIP_PATH}\.(?:mp4|avi)"
SOUND_PATH = rf"{CLIP_PATH}\.(?:wav|mp4|avi)"
"""Ends of the paths of frames, videos and audio, as DFEW, MAFW and their loaders have them."""
VIDEO_SUFFIXES = frozenset(
    {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv"}
)


@dataclass(frozen=True)
class ClipFiles:
    """The files that hold the frames of one clip: many images, or one video."""

    files: tuple[str, ...]
    frames: int


def clip_number(text: str) -> str | None:
    """Five digits from `1`, `00001`, `1.0` (pandas) or `00001.mp4`; None where it is no number."""
    match = re.fullmatch(r"(\d{1,5})(?:\.\w{1,4})?", text)
    return f"{int(match[1]):05d}" if match else None


def place_of(hits: Sequence[Found]) -> str:
    """The folder that holds the clips of these finds."""
    return os.path.commonpath([hit.above or "." for hit in hits]) if hits else "."


def clip_folders(hits: Iterable[Found], seen: Notes) -> dict[str, Found]:
    """Folders of frames by five-digit clip number; of a clip that comes twice the first."""
    first: dict[str, str] = {}
    numbered = ((f"{int(hit.facts['clip']):05d}", hit) for hit in hits)
    return {
        clip: hit
        for clip, hit in numbered
        if seen.first(first, clip, hit.folder, base=hit.base, group=hit.above)
    }


def clip_files(hits: Iterable[Found], seen: Notes) -> dict[str, str]:
    """Files by five-digit clip number; of a clip that comes twice the first."""
    first: dict[str, str] = {}
    for hit in hits:
        for number, path in hit.ordered("clip"):
            seen.first(first, f"{number:05d}", path, base=hit.base, group=hit.folder)
    return first


def read_clip_frames(
    folders: Mapping[str, Found], wanted: Iterable[str], seen: Notes
) -> dict[str, ClipFiles]:
    """The images of each wanted clip by their last number."""
    clips = {}
    for clip in wanted:
        if clip in folders:
            files = tuple(_in_order(folders[clip], seen))
            clips[clip] = ClipFiles(files, len(files))
    return clips


def _in_order(hit: Found, seen: Notes) -> Iterator[str]:
    found: dict[int, str] = {}
    for number, path in hit.ordered("frame"):
        seen.first(found, number, path, kind="duplicate_frame", group=hit.above)
    return (found[number] for number in sorted(found))


def frame_number(name: str) -> int:
    """The last number in a frame's name."""
    match = re.search(r"(\d+)$", Path(name).stem)
    return int(match[1]) if match else 0


def read_videos(
    names: Mapping[str, str], wanted: Iterable[str], seen: Notes
) -> dict[str, ClipFiles]:
    """Videos of the wanted clips, their frames counted from the header, or one (`probe_videos`)."""
    there = [clip for clip in wanted if clip in names]
    facts = probe_videos([names[clip] for clip in there], seen)
    frames = {clip: own.frames if (own := facts[names[clip]]) else 1 for clip in there}
    return {clip: ClipFiles((names[clip],), frames[clip]) for clip in there}


def probe_videos(names: Sequence[str], seen: Notes) -> dict[str, VideoFacts | None]:
    """Facts of the headers of many videos.

    One that cannot be read is None and noted as `empty` or `damaged`; it is to be kept, so that a
    run that needs it stops instead of going on with less.
    """
    if not names:
        return {}
    from irfer_bench.data.trees.video import probe_video  # imports numpy

    def probe(name: str) -> VideoFacts | DamagedError:
        try:
            return probe_video(seen.root, name)
        except DamagedError as error:
            return error

    facts: dict[str, VideoFacts | None] = {}
    with ThreadPoolExecutor(max_workers=4) as pool:
        for name, found in zip(names, pool.map(probe, names), strict=True):
            if isinstance(found, DamagedError):
                kind = "damaged" if (seen.root / name).stat().st_size else "empty"
                seen.note(kind, name, f"{found.message}; a run that needs it stops")
            facts[name] = None if isinstance(found, DamagedError) else found
    return facts
