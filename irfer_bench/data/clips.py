"""Stored clips: memory-mapped Arrow files in one folder, and views of some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from irfer_bench.contracts.values import Clip
from irfer_bench.data.arrow import Shard, write_shard
from irfer_bench.data.frame_rules import choose_scored
from irfer_bench.data.lazy_clips import lazy_clip
from irfer_bench.errors import UnreadableError
from irfer_bench.store import keys

SHARDS = "clips-*.arrow"


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
    """Clips of one artefact, read one at a time.

    Args:
        scored: the setting's rule of the frames that are scored, such as `uniform(16)`, where more
            frames are stored; empty where all that is stored is scored.

    Raises:
        UnreadableError: no clips are there, a file is damaged, or sizes differ between files.
    """

    def __init__(self, folder: Path, key: str, scored: str = "") -> None:
        self.key = key
        self.scored = scored
        self.rows: list[dict[str, Any]] = []
        self._places: list[tuple[Shard, int]] = []
        for shard in _open(folder):
            self.rows += shard.facts()
            self._places += ((shard, row) for row in range(len(shard)))
        if len({(row["height"], row["width"]) for row in self.rows}) > 1:
            raise UnreadableError(f"clips in {folder} are not of one size")

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int, *, hidden: bool = False) -> Clip:
        """Clip `index`; frames and audio are read when they are used, as copies of their own.

        Args:
            hidden: without its label.
        """
        row, (shard, at) = self.rows[index], self._places[index]
        landmarks = shard.array(at, "landmarks", np.float32)
        places = shard.array(at, "positions", np.int32)
        positions = None if places is None else tuple(places.tolist())
        return lazy_clip(
            shard.pixels(at, row),
            partial(shard.array, at, "audio", np.float32),
            id=row["id"],
            spectrum=row["spectrum"],
            label=None if hidden else row["label"],
            subject=row["subject"],
            lighting=row["lighting"],
            pair=row["pair"],
            fps=row["fps"],
            landmarks=None if landmarks is None else landmarks.reshape(-1, 68, 2),
            sample_rate=row["sample_rate"],
            positions=positions,
            length=row["length"],
            scored=self._scored(positions, row["length"]),
        )

    def frame_count(self, index: int) -> tuple[int, tuple[int, ...] | None]:
        """How many frames clip `index` has, and which are scored (None: all); reads no pixel."""
        row, (shard, at) = self.rows[index], self._places[index]
        places = shard.array(at, "positions", np.int32) if self.scored else None
        positions = None if places is None else tuple(places.tolist())
        return row["count"], self._scored(positions, row["length"])

    def _scored(
        self, positions: Sequence[int] | None, length: int | None
    ) -> tuple[int, ...] | None:
        if not self.scored or positions is None or length is None:
            return None
        return choose_scored(self.scored, positions, length)

    def view(self, keep: Callable[[dict[str, Any]], bool] | None = None) -> ClipView:
        """The clips whose facts satisfy `keep`."""
        picked = [i for i, row in enumerate(self.rows) if keep is None or keep(row)]
        return ClipView(self, tuple(picked))


def _open(folder: Path) -> list[Shard]:
    paths = sorted(folder.glob(SHARDS))
    if not paths:
        raise UnreadableError(f"{folder} holds no clips ({SHARDS})")
    return [Shard(path) for path in paths]


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
    def lightings(self) -> list[str]:
        return [self.stored.rows[i]["lighting"] for i in self.indices]

    @property
    def pairs(self) -> list[str | None]:
        return [self.stored.rows[i]["pair"] for i in self.indices]

    def frame_counts(self) -> list[tuple[int, tuple[int, ...] | None]]:
        """Of each clip the number of its frames and which are scored, without reading a pixel."""
        return [self.stored.frame_count(i) for i in self.indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return replace(self, indices=self.indices[index])
        number = self.indices[index]
        return self.stored.clip(number, hidden=True) if self.hidden else self.stored.clip(number)

    def __iter__(self) -> Iterator[Clip]:
        return (self[i] for i in range(len(self)))

    def pick(self, positions: Iterable[int]) -> ClipView:
        """The clips at these positions of this view."""
        return replace(self, indices=tuple(self.indices[i] for i in positions))

    def hide_labels(self) -> ClipView:
        """The same clips without labels."""
        return replace(self, hidden=True)
