"""Stored clips: Arrow files in one folder, memory-mapped; views that copy nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from irfer_bench.contracts.values import Clip
from irfer_bench.data.arrow import Shard, write_shard
from irfer_bench.errors import DamagedError
from irfer_bench.store import keys

SHARDS = "clips-*.arrow"
SAMPLED = 64
"""Clips that are compared with the files after a plugin has seen them."""


def shard_name(number: int) -> str:
    """`clips-00000.arrow`: the order of the names is the order of the clips."""
    return f"clips-{number:05d}.arrow"


def write_clips(folder: Path, clips: Iterable[Clip]) -> int:
    """Write clips, one after the other, and return how many there were.

    Raises:
        ContractError: frames are not (T, H, W, 3) uint8 of one size, or an id comes twice.
    """
    return write_shard(folder / shard_name(0), clips)


class StoredClips:
    """Clips of one artefact, memory-mapped and read-only.

    Raises:
        DamagedError: no clips are there, a file is damaged, or sizes differ between files.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.key = key
        self._folder = folder
        self._shards = _open(folder)
        self.rows: list[dict[str, Any]] = []
        self._places: list[tuple[Shard, int]] = []
        for shard in self._shards:
            self.rows += shard.facts()
            self._places += ((shard, row) for row in range(len(shard)))
        if len({(row["height"], row["width"]) for row in self.rows}) > 1:
            raise DamagedError(f"clips in {folder} are not of one size")

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int) -> Clip:
        """Clip `index`; its arrays are views of the file."""
        row, (shard, at) = self.rows[index], self._places[index]
        frames = shard.array(at, "frames", np.uint8)
        landmarks = shard.array(at, "landmarks", np.float32)
        assert frames is not None
        return Clip(
            id=row["id"],
            frames=frames.reshape(row["count"], row["height"], row["width"], 3),
            spectrum=row["spectrum"],
            label=row["label"],
            subject=row["subject"],
            lighting=row["lighting"],
            pair=row["pair"],
            fps=row["fps"],
            landmarks=None if landmarks is None else landmarks.reshape(-1, 68, 2),
            audio=shard.array(at, "audio", np.float32),
            sample_rate=row["sample_rate"],
        )

    def touched(self) -> bool:
        """Whether somebody wrote into the arrays, seen on clips spread over all of them."""
        if not self.rows:
            return False
        fresh = dict(zip(map(id, self._shards), _open(self._folder), strict=True))
        return any(
            not _same(shard.array(at, name, np.uint8), fresh[id(shard)].array(at, name, np.uint8))
            for shard, at in self._places[:: max(1, len(self) // SAMPLED)]
            for name in ("frames", "landmarks")
        )

    def view(self, keep: Callable[[dict[str, Any]], bool] | None = None) -> ClipView:
        """The clips whose facts satisfy `keep`."""
        picked = [i for i, row in enumerate(self.rows) if keep is None or keep(row)]
        return ClipView(self, tuple(picked))


def _open(folder: Path) -> list[Shard]:
    paths = sorted(folder.glob(SHARDS))
    if not paths:
        raise DamagedError(f"{folder} holds no clips ({SHARDS})")
    return [Shard(path) for path in paths]


def _same(one: Any, other: Any) -> bool:
    return one is other or np.array_equal(one, other)


@dataclass(frozen=True)
class ClipView(Sequence[Clip]):
    """Some clips of an artefact, in an order, with or without their labels."""

    stored: StoredClips
    indices: tuple[int, ...] = ()
    hidden: bool = False

    @property
    def key(self) -> str:
        return keys.digest([self.stored.key, list(self.indices), self.hidden])

    @property
    def ids(self) -> list[str]:
        return [self.stored.rows[i]["id"] for i in self.indices]

    @property
    def labels(self) -> list[str | None]:
        return [None if self.hidden else self.stored.rows[i]["label"] for i in self.indices]

    @property
    def subjects(self) -> list[str | None]:
        return [self.stored.rows[i]["subject"] for i in self.indices]

    @property
    def pairs(self) -> list[str | None]:
        return [self.stored.rows[i]["pair"] for i in self.indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return replace(self, indices=self.indices[index])
        clip = self.stored.clip(self.indices[index])
        return replace(clip, label=None) if self.hidden else clip

    def __iter__(self) -> Iterator[Clip]:
        return (self[i] for i in range(len(self)))

    def pick(self, positions: Iterable[int]) -> ClipView:
        """The clips at these positions of this view."""
        return replace(self, indices=tuple(self.indices[i] for i in positions))

    def hide_labels(self) -> ClipView:
        """The same clips without labels."""
        return replace(self, hidden=True)
