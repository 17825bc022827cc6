"""Stored clips: frames in one memory-mapped file, facts in JSON; views that copy nothing."""

from __future__ import annotations

import json
import mmap
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from irfer_bench import keys
from irfer_bench.errors import ContractError, DamagedError
from irfer_bench.values import Clip

INDEX = "clips.json"
FRAMES, LANDMARKS, AUDIO = "frames.raw", "landmarks.raw", "audio.raw"
SAMPLED = 64
"""Frames that are compared with the file after a plugin has seen them."""
NO_RESERVE = 0x4000 if sys.platform == "linux" else 0
"""MAP_NORESERVE, which `mmap` does not name: no memory is set aside for copies never made."""


def write_clips(folder: Path, clips: Iterable[Clip]) -> int:
    """Write clips, one after the other, and return how many there were.

    Raises:
        ContractError: frames are not (T, H, W, 3) uint8 of one size, or an id comes twice.
    """
    rows: list[dict[str, Any]] = []
    size: tuple[int, ...] | None = None
    seen: set[str] = set()
    offset = {FRAMES: 0, LANDMARKS: 0, AUDIO: 0}
    with (
        (folder / FRAMES).open("wb") as frames,
        (folder / LANDMARKS).open("wb") as landmarks,
        (folder / AUDIO).open("wb") as audio,
    ):
        for clip in clips:
            size = _check(clip, size, seen)
            row = _row(clip, offset)
            frames.write(np.ascontiguousarray(clip.frames).tobytes())
            offset[FRAMES] += len(clip.frames)
            if clip.landmarks is not None:
                landmarks.write(np.ascontiguousarray(clip.landmarks, np.float32).tobytes())
                offset[LANDMARKS] += len(clip.landmarks)
            if clip.audio is not None:
                audio.write(np.ascontiguousarray(clip.audio, np.float32).tobytes())
                offset[AUDIO] += len(clip.audio)
            rows.append(row)
    height, width = size if size is not None else (0, 0)
    (folder / INDEX).write_text(json.dumps({"height": height, "width": width, "clips": rows}))
    return len(rows)


def _check(clip: Clip, size: tuple[int, ...] | None, seen: set[str]) -> tuple[int, ...]:
    shape, kind = clip.frames.shape, clip.frames.dtype
    if len(shape) != 4 or shape[0] < 1 or shape[3] != 3 or kind != np.uint8:
        raise ContractError(f"clip {clip.id!r}: frames are {shape} {kind}, not (T, H, W, 3) uint8")
    if size is not None and shape[1:3] != size:
        raise ContractError(f"clip {clip.id!r} is {shape[1:3]} pixels, the others are {size}")
    if clip.landmarks is not None and clip.landmarks.shape != (shape[0], 68, 2):
        raise ContractError(
            f"clip {clip.id!r}: landmarks are {clip.landmarks.shape}, not ({shape[0]}, 68, 2)"
        )
    if clip.id in seen:
        raise ContractError(f"clip id {clip.id!r} comes twice")
    seen.add(clip.id)
    return shape[1], shape[2]


def _row(clip: Clip, offset: dict[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": clip.id,
        "label": clip.label,
        "subject": clip.subject,
        "spectrum": clip.spectrum,
        "lighting": clip.lighting,
        "pair": clip.pair,
        "fps": clip.fps,
        "start": offset[FRAMES],
        "count": len(clip.frames),
    }
    if clip.landmarks is not None:
        row["landmarks"] = offset[LANDMARKS]
    if clip.audio is not None:
        row |= {"audio": [offset[AUDIO], len(clip.audio)], "sample_rate": clip.sample_rate}
    return row


class StoredClips:
    """Clips of one artefact, memory-mapped and read-only."""

    def __init__(self, folder: Path, key: str) -> None:
        try:
            index = json.loads((folder / INDEX).read_text())
            self.rows: list[dict[str, Any]] = index["clips"]
            self._shape = (index["height"], index["width"], 3)
        except (OSError, ValueError, KeyError) as error:
            raise DamagedError(f"{folder / INDEX} cannot be read: {error}") from error
        self.key = key
        self._folder = folder
        self._frames = _map(folder / FRAMES, np.uint8, self._shape)
        self._landmarks = _map(folder / LANDMARKS, np.float32, (68, 2))
        self._audio = _map(folder / AUDIO, np.float32, ())

    def __len__(self) -> int:
        return len(self.rows)

    def clip(self, index: int) -> Clip:
        """Clip `index`; its frames are a view of the file."""
        row = self.rows[index]
        count = row["count"]
        landmarks = row.get("landmarks")
        audio = row.get("audio")
        return Clip(
            id=row["id"],
            frames=self._frames[row["start"] : row["start"] + count],
            spectrum=row["spectrum"],
            label=row["label"],
            subject=row["subject"],
            lighting=row["lighting"],
            pair=row["pair"],
            fps=row["fps"],
            landmarks=None if landmarks is None else self._landmarks[landmarks : landmarks + count],
            audio=None if audio is None else self._audio[audio[0] : audio[0] + audio[1]],
            sample_rate=row.get("sample_rate"),
        )

    def touched(self) -> bool:
        """Whether somebody wrote into the arrays, seen on frames spread over all clips."""
        return any(
            not np.array_equal(array[k], stored[k])
            for array, stored in (
                (self._frames, _map(self._folder / FRAMES, np.uint8, self._shape)),
                (self._landmarks, _map(self._folder / LANDMARKS, np.float32, (68, 2))),
            )
            for k in range(0, len(array), max(1, len(array) // SAMPLED))
        )

    def view(self, keep: Callable[[dict[str, Any]], bool] | None = None) -> ClipView:
        """The clips whose facts satisfy `keep`."""
        picked = [i for i, row in enumerate(self.rows) if keep is None or keep(row)]
        return ClipView(self, tuple(picked))


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


def _map(path: Path, kind: type, shape: tuple[int, ...]) -> NDArray[Any]:
    if not path.is_file() or path.stat().st_size == 0:
        return np.zeros((0, *shape), kind)
    # Pages that are written become private copies: a read-only mapping would end the process where
    # torch, which does not know read-only arrays, writes into one, and nobody could tell who did.
    with path.open("rb") as stream:
        pages = mmap.mmap(
            stream.fileno(), 0, flags=mmap.MAP_PRIVATE | NO_RESERVE,
            prot=mmap.PROT_READ | mmap.PROT_WRITE,
        )
    array: NDArray[Any] = np.frombuffer(pages, kind).reshape(-1, *shape)
    array.flags.writeable = False
    return array
