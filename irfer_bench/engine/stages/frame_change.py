"""Flicker of translated videos: how much they change from frame to frame beside their source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip

LOOKED_AT = 64
"""At most so many clips, evenly spread, are compared."""


def frame_change(source: Sequence[Clip], translated: Sequence[Clip]) -> float | None:
    """Mean absolute difference of neighbouring frames, over the source's: 1 keeps its motion.

    Both are lists of the same clips. None where no clip has two frames or the source stands still.
    """
    step = max(1, -(-len(source) // LOOKED_AT))
    before = after = 0.0
    for k in range(0, len(source), step):
        frames = source[k].frames
        if len(frames) > 1:
            before += _mean_difference(frames)
            after += _mean_difference(translated[k].frames)
    return after / before if before else None


def _mean_difference(frames: NDArray[Any]) -> float:
    """Of neighbouring frames (T, H, W, 3), in grey levels."""
    return float(np.abs(np.diff(frames.astype(np.int16), axis=0)).mean())
