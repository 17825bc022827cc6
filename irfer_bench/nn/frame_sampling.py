"""Which frames of a clip a video network is given: segments of the clip, and a rule for each.

The rules are those of the public code of MMA-DFER, DFER-CLIP and Former-DFER. A clip of n frames is
cut into S segments, of which each gives one frame, or `duration` consecutive ones:

* training draws a random frame of each segment. In the public code a segment has a = n // S frames,
  so that up to S - 1 frames at the end of a clip are never seen (`official`); `full_span` cuts the
  whole clip into S nearly equal segments;
* testing takes the middle of each, int(n / 2S + x n / S);
* a clip of fewer frames is taken as it is, and its last frame repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch

SegmentMode = Literal["official", "full_span"]
ClipSplit = Literal["alternate", "halves"]
Draw = Callable[[Any, int], Any]
"""`draw(high, size)`: whole numbers from 0 to `high` - 1, where `high` is one bound or several."""


@dataclass(frozen=True, slots=True)
class FrameSampling:
    """Segments x consecutive frames of a clip; positions count from 0.

    Args:
        segments: S, into which a clip is cut.
        duration: consecutive frames that each segment gives.
        mode: whether the segments of training reach to the end of a clip.
    """

    segments: int = 16
    duration: int = 1
    mode: SegmentMode = "official"

    @property
    def frames(self) -> int:
        """How many frames are taken of every clip."""
        return self.segments * self.duration

    def train(self, length: int, draw: Draw) -> Any:
        """(frames,) int64 random positions in a clip of `length` frames."""
        starts = self._starts(length)
        if starts < self.segments:
            return self._follow(self._as_it_is(starts, self.segments), length)
        if self.mode == "official":
            size = starts // self.segments
            first = np.arange(self.segments) * size + draw(size, self.segments)
        else:
            edges = np.arange(self.segments + 1) * starts // self.segments
            first = edges[:-1] + draw(np.diff(edges), self.segments)
        return self._follow(first, length)

    def test(self, length: int) -> Any:
        """(frames,) int64 positions in the middle of each segment."""
        return self._follow(self._middles(length, self.segments), length)

    def test_clips(self, length: int, clips: int, split: ClipSplit = "alternate") -> Any:
        """(clips, frames) int64 positions of several clips of one video.

        `clips` x S middles are taken. `alternate` deals them out in turn, so that with two clips
        the first gets the even ones; `halves` cuts them into consecutive runs. MMA-DFER scores a
        video by two clips and does not say how they are taken: the rule is ours.
        """
        first = self._middles(length, clips * self.segments)
        rows = (
            first.reshape(self.segments, clips).T if split == "alternate"
            else first.reshape(clips, self.segments)
        )
        return np.stack([self._follow(row, length) for row in rows])

    def _starts(self, length: int) -> int:
        """How many frames have `duration` - 1 others behind them; at least one start is taken."""
        return max(1, length - self.duration + 1)

    def _middles(self, length: int, segments: int) -> Any:
        starts = self._starts(length)
        if starts <= segments:
            return self._as_it_is(starts, segments)
        tick = starts / segments
        return np.array([int(tick / 2 + tick * x) for x in range(segments)], dtype=np.int64)

    @staticmethod
    def _as_it_is(starts: int, segments: int) -> Any:
        return np.minimum(np.arange(segments), starts - 1)

    def _follow(self, first: Any, length: int) -> Any:
        """Each start and the frames behind it, the last frame repeated."""
        following = first[:, None] + np.arange(self.duration)
        return np.minimum(following, length - 1).ravel().astype(np.int64)


def draw_from(generator: torch.Generator) -> Draw:
    """A `Draw` on torch's generator."""

    def draw(high: Any, size: int) -> Any:
        share = torch.rand(size, generator=generator, dtype=torch.float64).numpy()
        return (share * high).astype(np.int64)

    return draw
