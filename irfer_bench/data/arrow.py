"""Clips as Arrow: one row per clip, written in batches, read by row from mapped files."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip
from irfer_bench.errors import ContractError, UnreadableError

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
        ("length", pa.int32()),
    ]
)
ARRAYS = ("frames", "landmarks", "audio", "positions")
"""Raw bytes: (count, height, width, 3) uint8, (count, 68, 2) float32, (samples,) float32,
(count,) int32."""
SCHEMA = pa.schema([*FACTS, *((name, pa.large_binary()) for name in ARRAYS)])
LATER = frozenset({"length", "positions"})
"""Columns that files written before them lack; their clips have None there."""
BATCH = 2 * 2**20
"""Bytes of clips that are buffered before they are written, chosen to stay in a core's cache."""


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
        if clip.positions is not None and len(clip.positions) != shape[0]:
            raise ContractError(
                f"clip {clip.id!r}: {len(clip.positions)} positions of {shape[0]} frames"
            )
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
        "length": clip.length,
        "frames": np.ascontiguousarray(clip.frames).tobytes(),
        "landmarks": _floats(clip.landmarks),
        "audio": _floats(clip.audio),
        "positions": None if clip.positions is None else np.array(clip.positions, "i4").tobytes(),
    }


def _floats(array: NDArray[Any] | None) -> bytes | None:
    return None if array is None else np.ascontiguousarray(array, np.float32).tobytes()


class Shard:
    """One memory-mapped Arrow file of clips; reading returns copies.

    Raises:
        UnreadableError: the file is cut off or is no Arrow stream of clips.
    """

    def __init__(self, path: Path) -> None:
        try:
            with path.open("rb") as stream:
                pages = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
            reader = pa.ipc.open_stream(pa.BufferReader(pa.py_buffer(pages)))
            if not _is_ours(reader.schema):
                raise ValueError("it has other columns than stored clips have")
            self._batches = [_checked(batch) for batch in reader]
        except (OSError, ValueError, pa.ArrowException) as error:
            raise UnreadableError(f"{path} cannot be read: {error}") from error
        self._columns = set(reader.schema.names)
        self._starts = np.cumsum([0, *(len(batch) for batch in self._batches)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def facts(self) -> Iterator[dict[str, Any]]:
        """The rows without their arrays; `length` is None in files that lack it."""
        names = [name for name in FACTS.names if name in self._columns]
        for batch in self._batches:
            for row in batch.select(names).to_pylist():
                row.setdefault("length", None)
                yield row

    def array(self, row: int, name: str, kind: Any) -> NDArray[Any] | None:
        """The flat array of one cell, a read-only copy, or None.

        A library that ignores numpy's flag, such as torch, changes a private copy.
        """
        if name not in self._columns:
            return None
        at = int(np.searchsorted(self._starts, row, side="right")) - 1
        within = row - int(self._starts[at])
        column = self._batches[at].column(name)
        if column.slice(within, 1).null_count:
            return None
        _, ends, data = column.buffers()
        low, high = np.frombuffer(ends, np.int64)[within : within + 2]
        array: NDArray[Any] = np.frombuffer(data, np.uint8)[low:high].copy().view(kind)
        array.flags.writeable = False
        return array


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, whose arrays are as long as its rows say; no pixel is read.

    Raises:
        ValueError, pa.ArrowException: they are not, or a buffer leads out of its file.
    """
    batch.validate(full=True)  # without it a damaged offset reads foreign memory
    if not len(batch):
        return batch
    for field in FACTS:
        known = field.name in batch.schema.names
        if known and not field.nullable and batch.column(field.name).null_count:
            raise ValueError(f"a clip has no {field.name}")
    count, height, width = (
        batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        for name in ("count", "height", "width")
    )
    sizes = {"frames": 3 * count * height * width, "landmarks": count * 68 * 2 * 4,
             "positions": 4 * count}  # fmt: skip
    if min(count.min(), height.min(), width.min()) < 1 or batch.column("frames").null_count:
        raise ValueError("a clip has no frames")
    for name in (name for name in ARRAYS if name in batch.schema.names):
        column = batch.column(name)
        there = column.is_valid().to_numpy(zero_copy_only=False)
        ends = np.frombuffer(column.buffers()[1], np.int64)[: len(batch) + 1]
        found = np.diff(ends)[there]
        if (found % 4).any() if name == "audio" else (found != sizes[name][there]).any():
            raise ValueError(f"{name} of a clip have another length than its row says")
    return batch


def _is_ours(schema: pa.Schema) -> bool:
    lacking = set(SCHEMA.names) - set(schema.names)
    kept = [field for field in SCHEMA if field.name not in lacking]
    return lacking in (set(), LATER) and bool(schema.equals(pa.schema(kept)))
