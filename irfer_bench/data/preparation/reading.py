"""Reading of an item's frames and audio through its dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import Clip, Item
from irfer_bench.errors import BenchError, ContractError, DamagedError

MANY = 256
"""Generated stills drawn at a time: more would only cost memory."""


@dataclass(frozen=True)
class Reader:
    """Reads items of a dataset; what cannot be decoded is named by its item and file.

    Args:
        range_16bit: (low, high) of every 16-bit image; None takes each sequence's own.

    Raises:
        DamagedError: a file cannot be decoded. ContractError: the dataset returned something else
            than it was asked for.
    """

    dataset: Dataset
    root: Path | None
    range_16bit: tuple[int, int] | None = None

    def frames(self, item: Item, positions: Sequence[int]) -> tuple[Clip, list[NDArray[Any]]]:
        """The frames at these positions, and the first clip with the landmarks of all."""
        # A folder of images is read one by one: official crops differ in size inside a sequence.
        parts = [[p] for p in positions] if len(item.files) == item.frames else [list(positions)]
        clips = [self._read(item, part) for part in parts]
        frames = [frame for clip in clips for frame in clip.frames]
        if len(frames) != len(positions) or any(frame.ndim not in (2, 3) for frame in frames):
            raise ContractError(
                f"{item.id}: asked for {len(positions)} frames, the dataset returned "
                f"{[tuple(clip.frames.shape) for clip in clips]}",
            )
        points = [clip.landmarks for clip in clips]
        known = [p for p in points if p is not None]
        joined = np.concatenate(known) if len(known) == len(points) else None
        return replace(clips[0], landmarks=joined), frames

    def with_audio(self, item: Item, clip: Clip) -> Clip:
        """The clip with its audio, if the dataset has `read_audio`."""
        read_audio = getattr(self.dataset, "read_audio", None)
        if clip.audio is not None or read_audio is None or not item.audio:
            return clip
        with _reading(item):
            found = read_audio(self.root, item)
        return clip if found is None else replace(clip, audio=found[0], sample_rate=found[1])

    def depth(self, item: Item, frames: Sequence[NDArray[Any]]) -> tuple[float, float] | None:
        """The 16-bit range mapped to 0 to 255: fixed, or percentiles 1 and 99 of all frames."""
        if frames[0].dtype != np.uint16:
            return None
        if self.range_16bit is not None:
            return float(self.range_16bit[0]), float(self.range_16bit[1])
        if len(frames) < item.frames:
            _, frames = self.frames(item, range(item.frames))
        values = np.concatenate([frame.ravel() for frame in frames])
        low, high = np.percentile(values, (1, 99))
        return float(low), float(high)

    def _read(self, item: Item, positions: Sequence[int] | None) -> Clip:
        with _reading(item):
            return self.dataset.read(self.root, item, positions)


def read_ahead(
    dataset: Dataset,
    items: Sequence[Item],
) -> Iterator[tuple[Item, Clip | None]]:
    """Every item, with its clip where the dataset draws stills many at a time."""
    read_many = getattr(dataset, "read_many", None)
    if read_many is None or any(item.files or item.frames != 1 for item in items):
        yield from ((item, None) for item in items)
        return
    for start in range(0, len(items), MANY):
        chunk = items[start : start + MANY]
        yield from zip(chunk, read_many(chunk), strict=True)


@contextmanager
def _reading(item: Item) -> Iterator[None]:
    try:
        yield
    except BenchError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedError(
            f"{item.id} cannot be read ({', '.join(item.files[:1]) or 'no file'}…: {error})",
            "restore or remove the file; `irfer-bench data check` lists all such files",
        ) from error
