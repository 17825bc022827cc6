"""Clips as Arrow: one row per clip, written in batches, read by row from mapped files."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from irfer_bench.contracts.values import Clip
from irfer_bench.data.columns import ARRAYS, CODED, FACTS, SCHEMA, check_batch, is_ours
from irfer_bench.data.lazy_clips import JpegPixels, LazyClip, Pixels, RawPixels
from irfer_bench.errors import ContractError, UnreadableError

BATCH = 2 * 2**20
"""Bytes of clips that are buffered before they are written, chosen to stay in a core's cache."""


class ClipWriter(AbstractContextManager["ClipWriter"]):
    """Writes clips of one size into one Arrow stream, which `datasets.Dataset.from_file` reads too.

    Args:
        coded: frames that came as JPEG files are kept as these; else pixels are written.

    Raises:
        ContractError: frames are not (T, H, W, 3) uint8 of one size, landmarks or audio of another
            shape, or an id comes twice.
    """

    def __init__(self, path: Path, *, coded: bool = False) -> None:
        self._file = path.open("wb")
        self._schema = CODED if coded else SCHEMA
        self._stream = pa.ipc.new_stream(self._file, self._schema)
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
        jpeg = _jpeg(clip) if self._schema is CODED else None
        self._check(clip, None if jpeg is None else (jpeg.count, *jpeg.side, 3))
        row = _row(clip, jpeg)
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
            self._stream.write_batch(pa.RecordBatch.from_pylist(self._held, schema=self._schema))
            self._held, self._bytes = [], 0

    def _check(self, clip: Clip, coded: tuple[int, ...] | None) -> None:
        shape = clip.frames.shape if coded is None else coded
        kind = clip.frames.dtype if coded is None else np.uint8
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


def write_shard(path: Path, clips: Iterable[Clip], *, coded: bool = False) -> int:
    """Write all clips into one file and return how many there were."""
    with ClipWriter(path, coded=coded) as writer:
        for clip in clips:
            writer.add(clip)
        return writer.count


def _jpeg(clip: Clip) -> JpegPixels | None:
    pixels = clip.pixels if isinstance(clip, LazyClip) else None
    return pixels if isinstance(pixels, JpegPixels) else None


def _row(clip: Clip, jpeg: JpegPixels | None) -> dict[str, Any]:
    _, height, width, _ = clip.frames.shape if jpeg is None else (0, *jpeg.side, 3)
    frames = np.ascontiguousarray(clip.frames) if jpeg is None else jpeg.data
    row = {
        "id": clip.id,
        "label": clip.label,
        "subject": clip.subject,
        "spectrum": clip.spectrum,
        "lighting": clip.lighting,
        "pair": clip.pair,
        "fps": clip.fps,
        "sample_rate": clip.sample_rate,
        "count": clip.count,
        "height": height,
        "width": width,
        "length": clip.length,
        "frames": frames.tobytes(),
        "landmarks": _floats(clip.landmarks),
        "audio": _floats(clip.audio),
        "positions": None if clip.positions is None else np.array(clip.positions, "i4").tobytes(),
    }
    return row if jpeg is None else {**row, "ends": jpeg.ends.tobytes()}


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
            if not is_ours(reader.schema):
                raise ValueError("it has other columns than stored clips have")
            self._batches = [check_batch(batch) for batch in reader]
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
        cell = self._cell(row, name)
        if cell is None:
            return None
        array: NDArray[Any] = cell.copy().view(kind)
        array.flags.writeable = False
        return array

    def pixels(self, row: int, facts: Mapping[str, Any]) -> Pixels:
        """Where the frames of a row are read from; none is read yet."""
        data, ends = self._cell(row, "frames"), self.array(row, "ends", np.int64)
        assert data is not None
        side = facts["height"], facts["width"]
        if ends is None:
            return RawPixels(data.reshape(facts["count"], *side, 3))
        return JpegPixels(facts["id"], data, ends, side)

    def _cell(self, row: int, name: str) -> NDArray[Any] | None:
        """(bytes,) uint8 of the mapped file, or None; it must not be given away."""
        if name not in self._columns:
            return None
        at = int(np.searchsorted(self._starts, row, side="right")) - 1
        within = row - int(self._starts[at])
        column = self._batches[at].column(name)
        if column.slice(within, 1).null_count:
            return None
        _, ends, data = column.buffers()
        low, high = np.frombuffer(ends, np.int64)[within : within + 2]
        return np.frombuffer(data, np.uint8)[low:high]
