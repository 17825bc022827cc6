"""Frames of clips as numbered examples, the order in which training takes them, and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.values import Clip, Clips
from irfer_bench.nn.images import to_tensor

FRAMES_AT_ONCE = 64
CACHE_BYTES = 512 * 2**20
"""How much memory the resized frames of one table may take."""


class Frame(NamedTuple):
    """One frame: (H, W, 3) uint8 pixels, and the spectrum they were taken in."""

    pixels: Any
    spectrum: Spectrum

    @property
    def infrared(self) -> bool:
        return self.spectrum != "vis"


@runtime_checkable
class CountedClips(Protocol):
    """A collection that knows its clips' frames without reading a pixel, as stored clips do."""

    def frame_counts(self) -> Sequence[tuple[int, tuple[int, ...] | None]]:
        """Of each clip the number of its frames, and which of them are scored (None: all)."""
        ...


class FrameTable:
    """Frames of one or several collections of clips, numbered through; pixels are read on demand.

    Args:
        collections: clips of the first, then of the second, and so on.
        classes: names in the order of the scores' columns; they give `labels`.
        scored: only the frames that the setting scores; False takes every stored frame.

    Attributes:
        first: (clips + 1,) int64, number of each clip's first frame.
        owner: (frames,) int64, number of each frame's clip.
        clip_labels, labels: (clips,) and (frames,) int64 column of the class; -1 where it is
            unknown or not among `classes`.
    """

    def __init__(
        self, *collections: Clips, classes: Sequence[str] = (), scored: bool = True
    ) -> None:
        self.collections = collections
        self._clips = [(clips, i) for clips in collections for i in range(len(clips))]
        column = {name: i for i, name in enumerate(classes)}
        self._place: list[tuple[int, int]] = []
        first = [0]
        counts = [count for clips in collections for count in _counts(clips)]
        for number, (total, picked) in enumerate(counts):
            chosen = range(total) if picked is None or not scored else picked
            self._place += ((number, t) for t in chosen)
            first.append(len(self._place))
        labels = [column.get(label or "", -1) for clips in collections for label in clips.labels]
        self.first = np.asarray(first, dtype=np.int64)
        self.owner = np.repeat(np.arange(len(self._clips)), np.diff(self.first))
        self.clip_labels = torch.tensor(labels, dtype=torch.long)
        self.labels = self.clip_labels[torch.from_numpy(self.owner)]

    def __len__(self) -> int:
        """Number of frames."""
        return len(self._place)

    @property
    def clips(self) -> int:
        """Number of clips."""
        return len(self._clips)

    def clip(self, number: int) -> Clip:
        """One clip by its number."""
        clips, i = self._clips[number]
        return clips[i]

    def read(self, index: Sequence[int]) -> list[Frame]:
        """The frames of these numbers; neighbours of one clip open it once, and no other frame."""
        frames: list[Frame] = []
        for number, places in groupby((self._place[i] for i in index), key=lambda place: place[0]):
            clip = self.clip(number)
            taken = clip.take([t for _, t in places])
            frames += (Frame(pixels, clip.spectrum) for pixels in taken)
        return frames

    def pick(self, clips: Sequence[int], shares: Sequence[float]) -> list[int]:
        """Of each clip the number of one frame, at a share of its length in [0, 1)."""
        counts = np.diff(self.first)
        return [
            int(self.first[c]) + int(share * int(counts[c]))
            for c, share in zip(clips, shares, strict=True)
        ]


class ResizedFrames:
    """Frames of a table as tensors of one size, kept in memory while there is room."""

    def __init__(self, table: FrameTable, size: int) -> None:
        @lru_cache(maxsize=CACHE_BYTES // (4 * 3 * size**2))
        def one(index: int) -> Tensor:
            (frame,) = table.read([index])
            return to_tensor(frame.pixels[None], size)[0]

        self._one = one

    def read(self, index: Sequence[int]) -> Tensor:
        """(B, 3, size, size) float32 in [-1, 1]."""
        return torch.stack([self._one(i) for i in index])


@dataclass(frozen=True, slots=True)
class ClipBatch:
    """Whole clips that follow each other; `first` is the position of the first one."""

    first: int
    clips: tuple[Clip, ...]

    def frames(self) -> tuple[list[Frame], list[int]]:
        """Every scored frame, and the position of its clip in the collection."""
        frames: list[Frame] = []
        owners: list[int] = []
        for owner, clip in enumerate(self.clips, start=self.first):
            scored = [Frame(pixels, clip.spectrum) for pixels in clip.scored_frames()]
            frames += scored
            owners += [owner] * len(scored)
        return frames, owners

    def audio(self, samples: int) -> tuple[Tensor, Tensor]:
        """(B, samples) float32, cut or padded with zeros, and (B,) bool: there is audio at all."""
        rows = torch.zeros(len(self.clips), samples)
        for row, clip in zip(rows, self.clips, strict=True):
            if clip.audio is not None:
                audio = torch.from_numpy(np.array(clip.audio[:samples], dtype=np.float32))
                row[: len(audio)] = audio
        return rows, torch.tensor([clip.audio is not None for clip in self.clips])


def _counts(clips: Clips) -> Sequence[tuple[int, tuple[int, ...] | None]]:
    if isinstance(clips, CountedClips):
        return clips.frame_counts()
    return [(clip.count, clip.scored) for clip in clips]


def clip_batches(clips: Clips, size: int) -> Iterator[ClipBatch]:
    """Consecutive clips, `size` at a time; the last batch may be smaller."""
    for part in batches(len(clips), size):
        yield ClipBatch(part.start, tuple(clips[i] for i in part))


def batches(total: int, size: int = FRAMES_AT_ONCE) -> Iterator[range]:
    """Consecutive ranges of at most `size`."""
    return (range(start, min(start + size, total)) for start in range(0, total, size))


def endless_order(total: int, start: int, size: int, seed: Callable[[str], int]) -> list[int]:
    """Positions start .. start + size of a stream of fresh permutations of `total` items.

    A function of the position alone, so that a resumed run sees the same batches and a small
    domain cycles beside a large one. `seed` gives the seed of the permutation of a number.
    """
    chosen: list[int] = []
    while len(chosen) < size:
        cycle, offset = divmod(start + len(chosen), total)
        generator = torch.Generator().manual_seed(seed(str(cycle)))
        order = torch.randperm(total, generator=generator).tolist()
        chosen += order[offset : offset + size - len(chosen)]
    return chosen


def epoch_order(total: int, step: int, size: int, seed: Callable[[str], int]) -> list[int]:
    """Items of a step where each epoch's permutation is cut into batches of nearly one size.

    An epoch has ceil(total / size) steps; `seed` gives the seed of an epoch's permutation.
    """
    per_epoch = -(-total // size)
    epoch, number = divmod(step, per_epoch)
    generator = torch.Generator().manual_seed(seed(str(epoch)))
    order = torch.randperm(total, generator=generator).numpy()
    chosen: list[int] = np.array_split(order, per_epoch)[number].tolist()
    return chosen
