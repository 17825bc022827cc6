"""Clips in memory with the surface of stored ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from irfer_bench.contracts.values import Clip


class ClipList(Sequence[Clip]):
    """Clips in the order given; their arrays are made read-only."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = tuple(clips)
        for clip in self._clips:
            for array in (clip.frames, clip.landmarks, clip.audio):
                if array is not None:
                    array.flags.writeable = False

    @property
    def key(self) -> str:
        """Equal for equal ids, labels and frames."""
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
        return type(self)(found) if isinstance(index, slice) else found

    def __iter__(self) -> Iterator[Clip]:
        return iter(self._clips)

    def unlabelled(self) -> ClipList:
        """The same clips without labels."""
        return type(self)([replace(clip, label=None) for clip in self._clips])


class GivenClips(ClipList):
    """Clips that a user brought: no artefact holds them, and nothing made of them is kept."""
