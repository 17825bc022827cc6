"""Columns of stored clips, and the check that a batch of rows holds what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

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
ENDS = pa.field("ends", pa.large_binary())
"""(count,) int64: where each frame's JPEG file ends in `frames`; null where those are pixels."""
CODED = pa.schema([*SCHEMA, ENDS])
"""Columns of files whose frames may be JPEG files."""
LATER = frozenset({"length", "positions"})
"""Columns that files written before them lack; their clips have None there."""


def check_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
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
    sizes = {"frames": _frame_bytes(batch, count, 3 * count * height * width),
             "landmarks": count * 68 * 2 * 4, "positions": 4 * count}  # fmt: skip
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


def _frame_bytes(
    batch: pa.RecordBatch, count: NDArray[Any], raw: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How long the frames of each row have to be: as pixels `raw`, as files up to the last end."""
    if ENDS.name not in batch.schema.names:
        return raw
    known = [None if ends is None else np.frombuffer(ends, np.int64)
             for ends in batch.column(ENDS.name).to_pylist()]
    for row, ends in enumerate(known):
        if ends is not None:
            if len(ends) != count[row] or (np.diff(ends, prepend=0) < 1).any():
                raise ValueError("the ends of a clip's frames do not ascend, one for each")
            raw[row] = ends[-1]
    return raw


def is_ours(schema: pa.Schema) -> bool:
    """Whether these are the columns of stored clips, of today or of older files."""
    lacking = set(CODED.names) - set(schema.names)
    kept = [field for field in CODED if field.name not in lacking]
    same = bool(schema.equals(pa.schema(kept)))
    return same and lacking in (set(), {ENDS.name}, LATER | {ENDS.name})
