"""Clips whose frames and audio are read when they are asked for, and no frame that is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip
from irfer_bench.data.image_files import decode_image
from irfer_bench.errors import DamagedError, UnreadableError


class Pixels(Protocol):
    """The frames of one clip, wherever they are."""

    @property
    def count(self) -> int: ...
    def take(self, places: Sequence[int]) -> NDArray[Any]:
        """(len(places), H, W, 3) uint8, read-only and a copy of its own."""
        ...


@dataclass(frozen=True)
class RawPixels:
    """Frames as pixels.

    Args:
        frames: (T, H, W, 3) uint8, perhaps mapped from a file.
    """

    frames: NDArray[Any]

    @property
    def count(self) -> int:
        return len(self.frames)

    def take(self, places: Sequence[int]) -> NDArray[Any]:
        taken: NDArray[Any] = self.frames[np.asarray(places, np.intp)]  # a list of places copies
        taken.flags.writeable = False
        return taken


@dataclass(frozen=True)
class JpegPixels:
    """Frames as JPEG files, one behind the other.

    Args:
        name: of the clip, for messages. data: (bytes,) uint8. ends: (T,) int64, where each file
            ends in `data`. side: height and width of every frame.
    """

    name: str
    data: NDArray[Any]
    ends: NDArray[np.int64]
    side: tuple[int, int]

    @property
    def count(self) -> int:
        return len(self.ends)

    def take(self, places: Sequence[int]) -> NDArray[Any]:
        """Each frame is decoded once, however often it is asked for.

        Raises:
            UnreadableError: the bytes of a frame are not an image of the clip's size.
        """
        wanted = [range(self.count)[int(place)] for place in places]
        frames = {place: self._decode(place) for place in dict.fromkeys(wanted)}
        rows = [frames[place] for place in wanted]
        taken = np.stack(rows) if rows else np.empty((0, *self.side, 3), np.uint8)
        taken.flags.writeable = False
        return taken

    def file(self, place: int) -> bytes:
        """The bytes of one frame's file."""
        start = int(self.ends[place - 1]) if place else 0
        return self.data[start : int(self.ends[place])].tobytes()

    def _decode(self, place: int) -> NDArray[Any]:
        name = f"frame {place} of the stored clip {self.name!r}"
        try:
            frame = decode_image(BytesIO(self.file(place)), name)
        except DamagedError as error:
            raise UnreadableError(error.message) from error
        if frame.shape != (*self.side, 3) or frame.dtype != np.uint8:
            raise UnreadableError(f"{name} is {frame.shape}, not {(*self.side, 3)}")
        return frame


class LazyClip(Clip):
    """A clip whose `frames` and `audio` are read at their first use.

    `count` reads no frame and `take` only those asked for. A changed copy (`dataclasses.replace`)
    holds all of its arrays.
    """

    __slots__ = ("_audio", "_pixels")

    _pixels: Pixels | None
    _audio: Callable[[], NDArray[Any] | None]

    @property
    def count(self) -> int:
        """T, the number of frames."""
        return super().count if self._pixels is None else self._pixels.count

    @property
    def pixels(self) -> Pixels | None:
        """Where the frames are read from; None once all of them are in memory."""
        return self._pixels

    def take(self, places: Sequence[int]) -> NDArray[Any]:
        """(len(places), H, W, 3) uint8: the frames at these places, read or decoded alone."""
        return super().take(places) if self._pixels is None else self._pixels.take(places)

    def __getattr__(self, name: str) -> Any:
        """Fill a field that is still empty; Python asks here where there is nothing."""
        if name == "frames" and self._pixels is not None:
            value: Any = self._pixels.take(range(self._pixels.count))
            object.__setattr__(self, "_pixels", None)
        elif name == "audio":
            value = self._audio()
        elif name == "_pixels":
            return None
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        object.__setattr__(self, name, value)
        return value


def lazy_clip(
    pixels: Pixels, read_audio: Callable[[], NDArray[Any] | None], **facts: Any
) -> LazyClip:
    """A clip that reads its frames from `pixels` and its audio by `read_audio`.

    Args:
        facts: the other fields of `Clip`, all of them.
    """
    clip = object.__new__(LazyClip)
    for name, value in {**facts, "_pixels": pixels, "_audio": read_audio}.items():
        object.__setattr__(clip, name, value)
    return clip
