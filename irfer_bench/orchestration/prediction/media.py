"""A user's images and videos: which files there are, and their pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from irfer_bench.data.audio import decode_audio
from irfer_bench.data.frame_rules import pick
from irfer_bench.data.image_files import decode_image
from irfer_bench.data.image_suffixes import IMAGE_SUFFIXES
from irfer_bench.data.preparation.crop import eight_bit
from irfer_bench.data.trees.walk import few, walk
from irfer_bench.errors import DamagedError, MissingError
from irfer_bench.orchestration.video_files import SUFFIXES, VideoReader

OTHERS = frozenset({".avif", ".gif", ".heic", ".heif", ".jp2", ".psd"})
"""Images that are not read: named one by one, so that nothing is left out silently."""
PIECE, PIECE_BYTES = 32, 128 * 2**20
MOST_BYTES = 2**32
"""Pixels of one video that are held in memory."""


@dataclass(frozen=True)
class Medium:
    """A file that holds an image or a video.

    Args:
        name: its path as the user gave it, or below the folder that the user gave.
    """

    name: str
    path: Path

    @property
    def is_video(self) -> bool:
        return self.path.suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class VideoFrames:
    """Some frames of a video.

    Args:
        frames: (T, H, W, 3) uint8. positions: their places. length: frames of the video.
        fps: frames per second on average, None where unknown.
        audio: (samples,) float32 at `sample_rate`, or None.
        times: when each of the frames is shown, in seconds after the first of the video; None
            where the file does not say it.
    """

    frames: NDArray[np.uint8]
    positions: tuple[int, ...]
    length: int
    fps: float | None
    audio: NDArray[np.float32] | None = None
    sample_rate: int | None = None
    times: tuple[float, ...] | None = None


def list_media(sources: Sequence[Path]) -> tuple[list[Medium], list[str]]:
    """Files in the order given, folders in natural order; and folders that cannot be read.

    Raises:
        MissingError: a source is not there, or there is neither image nor video.
    """
    found: dict[Path, Medium] = {}
    problems: list[str] = []
    for source in sources:
        if not source.exists():
            raise MissingError(f"{source} is not there", "name images, videos or folders of them")
        if source.is_file():
            found.setdefault(source.resolve(), Medium(str(source), source))
            continue
        tree = walk(source)
        problems += [f"{source / each.path} ({each.kind})" for each in tree.problems]
        for name in tree.paths():
            path = source / name
            if path.suffix.lower() in IMAGE_SUFFIXES | SUFFIXES | OTHERS:
                found.setdefault(path.resolve(), Medium(str(path), path))
    if not found:
        raise MissingError(
            f"no image or video in {few([str(source) for source in sources])} "
            f"({', '.join(sorted(IMAGE_SUFFIXES))}, .mp4 …)",
        )
    return [*found.values()], problems


def read_image(path: Path, name: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8; percentiles 1 and 99 of a 16-bit image become 0 and 255.

    Raises:
        DamagedError: it cannot be decoded.
    """
    try:
        array = decode_image(path, name)
    except OSError as error:
        raise DamagedError(f"{name}: {error.strerror}") from error
    if array.dtype != np.uint16:
        return np.ascontiguousarray(array)
    low, high = np.percentile(array, (1, 99))
    return eight_bit(array, (float(low), float(high)))


def read_video(path: Path, rule: str) -> VideoFrames:
    """The frames that a rule picks, in ascending order, each once, and the audio.

    Where the number of frames is unknown before, or is more than announced, it is read twice.

    Raises:
        DamagedError: it cannot be decoded to its end, or its audio cannot.
    """
    with VideoReader(path) as video:
        count, fps = video.frames, video.fps
        frames, decoded = _kept(video, _positions(rule, count))
        times = _seconds(video)
    if decoded != count:
        with VideoReader(path) as video:
            frames, decoded = _kept(video, _positions(rule, decoded))
    with VideoReader(path) as video:
        sound = decode_audio(video.container, str(path))
    audio, rate = sound or (None, None)
    shown = None if times is None else tuple(times[position] for position in frames)
    return VideoFrames(
        np.stack([*frames.values()]), tuple(frames), decoded, fps, audio, rate, shown
    )


def _seconds(video: VideoReader) -> list[float] | None:
    """When each frame is shown, after the first; None where a time is unknown or goes back."""
    known = [time for time in video.times if time is not None]
    later = all(one < next_one for one, next_one in pairwise(known))
    if len(known) < len(video.times) or not later:
        return None
    return [float((time - known[0]) * video.time_base) for time in known]


def _positions(rule: str, count: int) -> frozenset[int]:
    return frozenset(position for position, _ in pick(rule, count))


def _kept(
    video: VideoReader, wanted: frozenset[int]
) -> tuple[dict[int, NDArray[np.uint8]], int]:
    """The wanted frames by position, and how many there are in all."""
    kept, number, held = {}, 0, 0
    for frame in _frames(video):
        if number in wanted:
            kept[number] = frame.copy()
            held += frame.nbytes
        if held > MOST_BYTES:
            raise DamagedError(
                f"{video.path}: {len(wanted)} frames are more than {MOST_BYTES / 2**30:.2g} GiB",
                "choose fewer: --frames 'uniform(16)'",
            )
        number += 1
    return kept, number


def _frames(video: VideoReader) -> Iterator[NDArray[np.uint8]]:
    for piece in video.pieces(PIECE, PIECE_BYTES):
        yield from piece
