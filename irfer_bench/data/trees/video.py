"""Video files: how many frames, reading some by exact position, and audio; through PyAV.

Frames are counted and numbered as a player shows them: what an edit list hides is not there.
Decoding starts at the first frame and goes on to the last wanted one, because a seek is exact for
no codec that reorders frames; only the wanted ones become images: memory is the answer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from irfer_bench.data.audio import decode_audio
from irfer_bench.data.image_files import why
from irfer_bench.data.matroska import lengths
from irfer_bench.data.trees.walk import inside
from irfer_bench.errors import DamagedError

_HINT = "restore the file or remove it"


@dataclass(frozen=True)
class VideoFacts:
    """Facts from the header of a video.

    Args:
        frames: 1 or more. fps: frames per second, None where unknown.
        audio: whether there is an audio track; it may still be empty.
    """

    frames: int
    fps: float | None
    audio: bool


def probe_video(root: Path, name: str) -> VideoFacts:
    """Count frames from the container's index, or from its packets where it has none.

    Raises:
        DamagedError: empty, cut off before its header, no video, or outside the root.
    """
    with _opened(root, name) as container:
        stream = _video(container, name)
        frames = count_frames(container, stream)
        if not frames:
            raise DamagedError(f"{name} holds no video frames", _HINT)
        return VideoFacts(frames, _fps(stream), bool(container.streams.audio))


def read_video(
    root: Path, name: str, positions: Sequence[int] | None = None
) -> tuple[NDArray[Any], float | None]:
    """Frames at the given positions (all where None), in the order asked, and the frame rate.

    Returns (T, H, W, 3) uint8 at the official size.

    Raises:
        DamagedError: as `probe_video`, or it ends or changes size before the last wanted frame.
    """
    with _opened(root, name) as container:
        stream = _video(container, name)
        # One thread: preparation runs one process per core. Frames that lean on a keyframe
        # before the cut are shown, as players do, so that numbers are those of the index.
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= int(av.codec.context.Flags.output_corrupt)
        asked = list(range(count_frames(container, stream)) if positions is None else positions)
        found: dict[int, NDArray[Any]] = {}
        wanted, convert, number = set(asked), av.video.reformatter.VideoReformatter(), -1
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                found[number] = convert.reformat(frame, format="rgb24").to_ndarray()
                if len(found) == len(wanted):
                    break
        if len(found) < len(wanted) or not asked:
            last = max(asked, default=0) + 1
            what = f"{name} is cut off: frame {last} is asked for, {number + 1} can be decoded"
            raise DamagedError(what, _HINT)
        if len({frame.shape for frame in found.values()}) != 1:
            raise DamagedError(f"{name} changes its size between frames", _HINT)
        return np.stack([found[position] for position in asked]), _fps(stream)


def read_audio_track(root: Path, name: str) -> tuple[NDArray[Any], int] | None:
    """Channel 0 of the first audio track at its native rate, (samples,) float32; None without one.

    Neither mixed down nor resampled. A track in which no packet can be decoded is none.

    Raises:
        DamagedError: the file is empty, no media file, cut off, or outside the root.
    """
    with _opened(root, name) as container:
        return decode_audio(container, name)


def check_length(path: Path, name: str) -> None:
    """Refuse a Matroska or WebM file that is shorter than its header says.

    Raises:
        DamagedError: it is cut off.
    """
    there, announced = lengths(path) or (0, 0)
    if there < announced:
        what = f"{name} is cut off: {there} of {announced} bytes are present"
        raise DamagedError(what, _HINT)


@contextmanager
def _opened(root: Path, name: str) -> Iterator[Any]:
    path = root / name
    if not inside(path, root):
        raise DamagedError(f"{name} leads out of the data folder", "write it from the root")
    try:
        if path.stat().st_size == 0:
            raise DamagedError(f"{name} is empty", _HINT)
        check_length(path, name)
        with av.open(str(path)) as container:
            yield container
    except DamagedError:
        raise
    except Exception as error:  # FFmpeg's wrappers raise anything on damaged files
        raise DamagedError(f"{name} cannot be decoded ({why(error)})", _HINT) from error


def _video(container: Any, name: str) -> Any:
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            if stream.codec_context is None:
                what = f"{name} has a video codec that is not read here"
                raise DamagedError(what, "convert it, to mp4 with H.264 for example")
            return stream
    raise DamagedError(f"{name} holds no video", _HINT)


def count_frames(container: Any, stream: Any) -> int:
    """Frames that a player shows, from the index or the header, else by reading every packet.

    Args:
        container: an opened `av` container, in which nothing was read. stream: its video.
    """
    entries = list(stream.index_entries)
    if stream.frames and len(entries) >= stream.frames:
        return sum(1 for entry in entries if entry.size > 0 and not entry.is_discard)
    if stream.frames:
        return int(stream.frames)
    packets = container.demux(stream)
    frames = sum(1 for packet in packets if packet.size > 0 and not packet.is_discard)
    container.seek(0)
    return frames


def _fps(stream: Any) -> float | None:
    return float(stream.average_rate) if stream.average_rate else None
