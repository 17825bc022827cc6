"""Clips as Arrow: one row per clip, written in batches, read where they lie (memory-mapped)."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip
from irfer_bench.errors import ContractError, DamagedError

FACTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        ("label", pa.string()),
        ("subject", pa.string()),
        pa.field("spectrum", pa.string(), nullable=False),
        pa.field("lighting", pa.string(), nullable=False),
        ("pair", pa.string()),
        ("fps", pa.float64()),
        ("sample_rate", pa.int32()),
        pa.field("count", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
    ]
)
ARRAYS = ("frames", "landmarks", "audio")
"""Raw bytes: (count, height, width, 3) uint8, (count, 68, 2) float32, (samples,) float32."""
SCHEMA = pa.schema([*FACTS, *((name, pa.large_binary()) for name in ARRAYS)])
BATCH = 2 * 2**20
"""Bytes of clips that are held before they are written: what stays in a core's cache is copied at a
quarter of the price."""
NO_RESERVE = 0x4000 if sys.platform == "linux" else 0
"""MAP_NORESERVE, which `mmap` does not name: no memory is set aside for copies never made."""


class ClipWriter(AbstractContextManager["ClipWriter"]):
    """Writes clips of one size into one Arrow stream, which `datasets.Dataset.from_file` reads too.

    Raises:
        ContractError: frames are not (T, H, W, 3) uint8 of one size, landmarks or audio of another
            shape, or an id comes twice.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._stream = pa.ipc.new_stream(self._file, SCHEMA)
        self._held: list[dict[str, Any]] = []
        self._bytes = 0
        self._size: tuple[int, ...] | None = None
        self._seen: set[str] = set()

    @property
    def count(self) -> int:
        """How many clips were added."""
        return len(self._seen)

    def add(self, clip: Clip) -> None:
        """Append one clip."""
        self._check(clip)
        row = _row(clip)
        self._held.append(row)
        self._bytes += sum(len(row[name] or b"") for name in ARRAYS)
        if self._bytes >= BATCH:
            self._flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
            self._stream.close()
        self._file.close()

    def _flush(self) -> None:
        if self._held:
            self._stream.write_batch(pa.RecordBatch.from_pylist(self._held, schema=SCHEMA))
            self._held, self._bytes = [], 0

    def _check(self, clip: Clip) -> None:
        shape, kind = clip.frames.shape, clip.frames.dtype
        if len(shape) != 4 or shape[0] < 1 or shape[3] != 3 or kind != np.uint8:
            raise ContractError(
                f"clip {clip.id!r}: frames are {shape} {kind}, not (T, H, W, 3) uint8"
            )
        if self._size is not None and shape[1:3] != self._size:
            raise ContractError(
                f"clip {clip.id!r} is {shape[1:3]} pixels, the others are {self._size}"
            )
        if clip.landmarks is not None and clip.landmarks.shape != (shape[0], 68, 2):
            raise ContractError(
                f"clip {clip.id!r}: landmarks are {clip.landmarks.shape}, not ({shape[0]}, 68, 2)"
            )
        if clip.audio is not None and clip.audio.ndim != 1:
            raise ContractError(f"clip {clip.id!r}: audio is {clip.audio.shape}, not (samples,)")
        if clip.id in self._seen:
            raise ContractError(f"clip id {clip.id!r} comes twice")
        self._seen.add(clip.id)
        self._size = shape[1:3]


def write_shard(path: Path, clips: Iterable[Clip]) -> int:
    """Write all clips into one file and return how many there were."""
    with ClipWriter(path) as writer:
        for clip in clips:
            writer.add(clip)
        return writer.count


def _row(clip: Clip) -> dict[str, Any]:
    return {
        "id": clip.id,
        "label": clip.label,
        "subject": clip.subject,
        "spectrum": clip.spectrum,
        "lighting": clip.lighting,
        "pair": clip.pair,
        "fps": clip.fps,
        "sample_rate": clip.sample_rate,
        "count": len(clip.frames),
        "height": clip.frames.shape[1],
        "width": clip.frames.shape[2],
        "frames": np.ascontiguousarray(clip.frames).tobytes(),
        "landmarks": _floats(clip.landmarks),
        "audio": _floats(clip.audio),
    }


def _floats(array: NDArray[Any] | None) -> bytes | None:
    return None if array is None else np.ascontiguousarray(array, np.float32).tobytes()


class Shard:
    """One Arrow file of clips, mapped into memory.

    Pages that are written become private copies: a read-only mapping would end the process where
    torch, which does not know read-only arrays, writes into one, and nobody could tell who did.

    Raises:
        DamagedError: the file is cut off or is no Arrow stream of clips.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as stream:
                self._pages = mmap.mmap(
                    stream.fileno(),
                    0,
                    flags=mmap.MAP_PRIVATE | NO_RESERVE,
                    prot=mmap.PROT_READ | mmap.PROT_WRITE,
                )
            reader = pa.ipc.open_stream(pa.BufferReader(pa.py_buffer(self._pages)))
            if reader.schema != SCHEMA:
                raise ValueError("it has other columns than stored clips have")
            self._batches = list(reader)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedError(f"{path} cannot be read: {error}") from error
        self._starts = np.cumsum([0, *(len(batch) for batch in self._batches)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def facts(self) -> Iterator[dict[str, Any]]:
        """The rows without their arrays."""
        for batch in self._batches:
            yield from batch.select(FACTS.names).to_pylist()

    def array(self, row: int, name: str, kind: type) -> NDArray[Any] | None:
        """The flat, read-only array of one cell, a view of the file, or None."""
        at = int(np.searchsorted(self._starts, row, side="right")) - 1
        within = row - int(self._starts[at])
        column = self._batches[at].column(name)
        if column.slice(within, 1).null_count:
            return None
        _, ends, data = column.buffers()
        low, high = np.frombuffer(ends, np.int64)[within : within + 2]
        array: NDArray[Any] = np.frombuffer(data, np.uint8)[low:high].view(kind)
        array.flags.writeable = False
        return array
