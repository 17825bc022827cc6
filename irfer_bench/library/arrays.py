"""Arrays in memory as the clips that methods take."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from irfer_bench.contracts.component import Spectrum
from irfer_bench.contracts.values import Clip
from irfer_bench.errors import UsageError

Frames: TypeAlias = NDArray[Any] | Sequence[NDArray[Any]] | Sequence[Clip]


class ArrayClips(Sequence[Clip]):
    """Clips in memory, in the order given; their arrays are read-only copies."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = tuple(clips)

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for clip in self._clips:
            digest.update(f"{clip.id}|{clip.label}|{clip.frames.shape}|".encode())
            digest.update(np.ascontiguousarray(clip.frames).data)
        return digest.hexdigest()

    @property
    def ids(self) -> list[str]:
        return [clip.id for clip in self._clips]

    @property
    def labels(self) -> list[str | None]:
        return [clip.label for clip in self._clips]

    @property
    def subjects(self) -> list[str | None]:
        return [clip.subject for clip in self._clips]

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: Any) -> Any:
        found = self._clips[index]
        return ArrayClips(found) if isinstance(index, slice) else found

    def __iter__(self) -> Iterator[Clip]:
        return iter(self._clips)


def as_clips(given: Frames, spectrum: Spectrum, size: int) -> ArrayClips:
    """Clips of what a user has in hand.

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
    return ArrayClips(clips)


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
