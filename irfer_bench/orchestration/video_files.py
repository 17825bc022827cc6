"""A user's video read piece by piece, and a video written with its times and sound, by PyAV.

mp4 and mov hold H.264 at a constant rate factor of 10, mkv lossless FFV1; sizes and frame times are
kept. Sound is copied as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.data.image_files import why
from irfer_bench.errors import DamagedError, MissingError, UsageError
from irfer_bench.store.files import atomic_file

SUFFIXES = frozenset(
    {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv"}
)
"""Suffixes of videos that are read, in lower case."""
WRITTEN = {
    ".mp4": ("mp4", "libx264"), ".mov": ("mov", "libx264"), ".mkv": ("matroska", "ffv1"),
}  # fmt: skip
"""Container and codec by suffix."""
QUALITY = {"crf": "10"}
COPIED = {"mp4": {"aac", "ac3", "mp3"}, "mov": {"aac", "ac3", "mp3", "pcm_s16le"}}
"""Sound that is copied, by container; Matroska takes all that FFmpeg knows."""


class VideoReader:
    """An opened video.

    Attributes:
        frames: as its index or header says, 0 where unknown. fps: per second, None where unknown.
        times: of the frames read so far, in units of `time_base`; None where unknown.
    """

    def __init__(self, path: Path) -> None:
        import av

        from irfer_bench.data.trees.video import check_length

        self.path = path
        try:
            check_length(path, str(path))
            self.container: Any = av.open(str(path))
        except DamagedError:
            raise
        except Exception as error:  # FFmpeg's wrappers raise anything on damaged files
            raise DamagedError(f"{path} cannot be decoded ({why(error)})") from error
        if not self.container.streams.video:
            self.container.close()
            raise DamagedError(f"{path} holds no video")
        self.stream: Any = self.container.streams.video[0]
        self.frames = self._announced()
        self.fps = float(self.stream.average_rate) if self.stream.average_rate else None
        self.time_base: Fraction = self.stream.time_base
        self.times: list[int | None] = []

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.container.close()

    def pieces(self, count: int, size: int) -> Iterator[NDArray[np.uint8]]:
        """(T, H, W, 3) uint8, upright as players show them; T is at most `count`.

        Args:
            size: bytes from which on a piece is full.

        Raises:
            DamagedError: a frame cannot be decoded, frames change their size, there is none, or
                there are fewer than the file says.
        """
        piece: list[NDArray[np.uint8]] = []
        held, shape = 0, None
        for frame in self._decoded():
            turned = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
            shape = shape or turned.shape
            if turned.shape != shape:
                raise DamagedError(f"{self.path} changes its size at frame {len(self.times)}")
            self.times.append(frame.pts)
            piece.append(np.ascontiguousarray(turned))
            held += turned.nbytes
            if len(piece) >= count or held >= size:
                yield np.stack(piece)
                piece, held = [], 0
        if not self.times:
            raise DamagedError(f"{self.path} holds no video frames")
        if len(self.times) < self.frames:
            raise DamagedError(
                f"{self.path} is cut off or damaged: {len(self.times)} of {self.frames} frames can "
                "be decoded",
                "restore it, or keep what is left: ffmpeg -i FILE NEW",
            )
        if piece:
            yield np.stack(piece)

    def _announced(self) -> int:
        """Of formats that count frames, or hold one in each packet; the others are read twice."""
        from irfer_bench.data.trees.video import count_frames

        if not self.stream.frames and "matroska" not in self.container.format.name:
            return 0
        try:
            return count_frames(self.container, self.stream)
        except Exception as error:  # FFmpeg's wrappers raise anything on damaged files
            raise DamagedError(f"{self.path} cannot be decoded ({why(error)})") from error

    def _decoded(self) -> Iterator[Any]:
        try:
            yield from self.container.decode(self.stream)
        except Exception as error:  # FFmpeg's wrappers raise anything on damaged files
            raise DamagedError(
                f"{self.path} cannot be decoded after frame {len(self.times)} ({why(error)})",
                "cut off what is damaged",
            ) from error


def choose_format(out: Path) -> tuple[str, str]:
    """Container and codec of a video to be written.

    Raises:
        UsageError: a suffix that is not written.
    """
    found = WRITTEN.get(out.suffix.lower())
    if found is None:
        raise UsageError(
            f"{out.name}: videos are written as {', '.join(WRITTEN)}",
            "or name a folder, for a PNG per frame",
        )
    return found


def write_video(out: Path, frames: Iterator[NDArray[np.uint8]], given: VideoReader) -> str:
    """Write frames with the times and the sound of the video they were made of.

    Returns:
        Why its sound is left out, or empty.
    """
    import av

    container, codec = choose_format(out)
    if codec not in av.codecs_available:
        raise MissingError(f"PyAV is built without {codec}", "name a folder, for PNG")
    try:
        with atomic_file(out) as draft, av.open(str(draft), "w", format=container) as made:
            return _write(made, container, codec, frames, given)
    except av.error.FFmpegError as error:
        raise DamagedError(
            f"{out} cannot be written as {container} ({why(error)})", "name a .mkv, or a folder"
        ) from error


def _write(
    made: Any, container: str, codec: str, frames: Iterator[NDArray[np.uint8]], given: VideoReader
) -> str:
    import av

    video = made.add_stream(codec, rate=given.stream.average_rate or 25)
    sound, note = _add_sound(made, container, given.path)
    for number, frame in enumerate(frames):
        if not number:
            _describe(video, codec, frame, given)
        image = av.VideoFrame.from_ndarray(frame, format="rgb24")
        image.pts, image.time_base = given.times[number], given.time_base
        made.mux(video.encode(image))
    made.mux(video.encode(None))
    if sound is not None:
        _copy_sound(made, sound, given.path)
    return note


def _describe(video: Any, codec: str, first: NDArray[np.uint8], given: VideoReader) -> None:
    video.height, video.width = first.shape[:2]
    video.time_base = video.codec_context.time_base = given.time_base
    if codec == "ffv1":
        video.pix_fmt = "bgr0"
    else:
        even = not (video.width % 2 or video.height % 2)
        video.pix_fmt, video.options = "yuv420p" if even else "yuv444p", QUALITY


def _add_sound(made: Any, container: str, path: Path) -> tuple[Any, str]:
    import av

    with av.open(str(path)) as given:
        if not given.streams.audio:
            return None, ""
        codec = given.streams.audio[0].codec_context.name
        if codec not in COPIED.get(container, made.supported_codecs):
            return None, f"the sound ({codec}) is left out; an output that ends in .mkv keeps it"
        return made.add_stream_from_template(given.streams.audio[0]), ""


def _copy_sound(made: Any, sound: Any, path: Path) -> None:
    import av

    with av.open(str(path)) as given:
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = sound
                made.mux(packet)
