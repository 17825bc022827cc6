"""Clips made of arrays in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.values import Clip
from irfer_bench.data.clip_list import GivenClips
from irfer_bench.errors import UsageError

Frames: TypeAlias = NDArray[Any] | Sequence[NDArray[Any]] | Sequence[Clip]


def as_clips(given: Frames, spectrum: Spectrum, size: int) -> GivenClips:
    """Clips of images, videos or existing clips.

    Args:
        given: (N, H, W, 3) images or (N, T, H, W, 3) videos, a list of (H, W, 3) or (T, H, W, 3)
            arrays, or clips, which are taken as they are. uint8, RGB.
        spectrum: of arrays. size: H and W, faces cut out as the setting's.

    Raises:
        UsageError: another type, shape or size.
    """
    clips = [
        one if isinstance(one, Clip) else Clip(f"array{i:06d}", _frames(one, i), spectrum)
        for i, one in enumerate(given)
    ]
    for clip in clips:
        if clip.frames.shape[1:] != (size, size, 3):
            raise UsageError(
                f"{clip.id}: frames are {clip.frames.shape[1:]}, the method was fitted on "
                f"{(size, size, 3)}",
                "cut out and resize the faces first, as irfer-bench show SETTING says",
            )
    return GivenClips(clips)


def _frames(array: Any, number: int) -> NDArray[np.uint8]:
    frames = np.array(array)
    if frames.dtype != np.uint8 or frames.ndim not in (3, 4) or frames.shape[-1] != 3:
        raise UsageError(
            f"array {number} is {frames.dtype} of shape {frames.shape}",
            "images are uint8 (H, W, 3), videos (T, H, W, 3); put one image into a list",
        )
    frames = frames[None] if frames.ndim == 3 else frames
    frames.flags.writeable = False
    return frames
