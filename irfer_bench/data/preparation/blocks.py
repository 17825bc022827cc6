"""Frames of a long item, decoded a block at a time: memory does not grow with its length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip, Item
from irfer_bench.data.preparation.crop import eight_bit
from irfer_bench.data.preparation.reading import Reader

BYTES = 512 * 2**20
"""Decoded frames that are held at a time. A later block of a video is decoded from its start."""
FEW = 32
"""So many frames are always read at once."""


class LazyFrames(Sequence[NDArray[np.uint8]], ABC):
    """Frames that are made when they are asked for."""

    @abstractmethod
    def frame(self, place: int) -> NDArray[np.uint8]:
        """The frame at a place from 0."""

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> list[NDArray[np.uint8]]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        return self.frame(range(len(self))[index])


class FrameBlocks(LazyFrames):
    """8-bit frames of an item by number; the block of the last one asked for is kept.

    Args:
        positions: of the frames inside the item. size: frames of a block.
    """

    def __init__(self, reader: Reader, item: Item, positions: Sequence[int], size: int) -> None:
        self._reader, self._item = reader, item
        self._positions, self._size = positions, size
        self._number, self._block = -1, list[NDArray[np.uint8]]()
        self._shapes: dict[int, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._positions)

    def frame(self, place: int) -> NDArray[np.uint8]:
        """A frame, read with its block."""
        number, within = divmod(place, self._size)
        if number != self._number:
            self._block = []  # given back before the next one is read
            start = number * self._size
            block = self._positions[start : start + self._size]
            frames = self._reader.frames(self._item, block)[1]
            self._block = [eight_bit(frame, None) for frame in frames]
            self._number = number
            self._shapes |= {start + k: frame.shape for k, frame in enumerate(self._block)}
        return self._block[within]

    def shape(self, index: int) -> tuple[int, ...]:
        """Shape of a frame; one that was decoded before is not decoded again."""
        return self._shapes[index] if index in self._shapes else self[index].shape


class ShownFrames(LazyFrames):
    """Frames at some places of a sequence, as (H, W, 3)."""

    def __init__(self, frames: Sequence[NDArray[np.uint8]], places: Sequence[int]) -> None:
        self._frames, self._places = frames, places

    def __len__(self) -> int:
        return len(self._places)

    def frame(self, place: int) -> NDArray[np.uint8]:
        """A frame in colour."""
        return in_colour(self._frames[self._places[place]])


def show(
    frames: Sequence[NDArray[np.uint8]], places: Sequence[int]
) -> Sequence[NDArray[np.uint8]]:
    """Frames at some places, as (H, W, 3); of blocks each is decoded when it is looked at."""
    if isinstance(frames, FrameBlocks):
        return ShownFrames(frames, places)
    return [in_colour(frames[place]) for place in places]


def read_frames(
    reader: Reader, item: Item, positions: Sequence[int]
) -> tuple[Clip, Sequence[NDArray[Any]]]:
    """`Reader.frames`, in blocks where they are many and large, of 8 bits and without landmarks.

    Frames whose landmarks the dataset gives, or whose 16 bits are scaled together, are read at
    once, and so are those that a dataset generates.
    """
    if len(positions) > FEW and reader.root is not None:
        clip, (first,) = reader.frames(item, positions[:1])
        size = max(FEW, BYTES // max(1, first.nbytes))
        if size < len(positions) and first.dtype == np.uint8 and clip.landmarks is None:
            return clip, FrameBlocks(reader, item, positions, size)
    return reader.frames(item, positions)


def shapes(frames: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Black frames of the same heights and widths that take no memory."""
    black = np.zeros((), np.uint8)
    if isinstance(frames, FrameBlocks):
        return [np.broadcast_to(black, frames.shape(k)) for k in range(len(frames))]
    return [np.broadcast_to(black, frame.shape) for frame in frames]


def in_colour(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) to (H, W, 3)."""
    return frame if frame.ndim == 3 else np.repeat(frame[..., None], 3, axis=2)
