"""Clips as rows of parquet files in the types that the `datasets` library knows."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.values import Clip, Item
from irfer_bench.errors import ContractError

ROWS, GROUP = 100, 16 * 2**20
"""Rows and bytes of a row group: what is held in memory before it is written."""
_FILE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TEXTS = ("subject", "spectrum", "lighting", "pair", "split", "part")


def schema_of(classes: tuple[str, ...]) -> pa.Schema:
    """The columns, with the metadata by which `datasets` recognises images, audio and classes."""
    text = {"dtype": "string", "_type": "Value"}
    point = {"dtype": "float32", "_type": "Value"}
    columns: list[tuple[str, Any, Any]] = [
        ("id", pa.string(), text),
        ("image", _FILE, {"_type": "Image"}),
        ("frames", pa.list_(_FILE), [{"_type": "Image"}]),
        ("label", pa.int64(), {"names": list(classes), "_type": "ClassLabel"}),
        *((name, pa.string(), text) for name in _TEXTS),
        ("weak_pair", pa.bool_(), {"dtype": "bool", "_type": "Value"}),
        ("fps", pa.float64(), {"dtype": "float64", "_type": "Value"}),
        ("audio", _FILE, {"_type": "Audio"}),
        ("landmarks", pa.list_(pa.list_(pa.list_(pa.float32()))), [[[point]]]),
    ]
    features = {name: feature for name, _, feature in columns}
    note = json.dumps({"info": {"features": features}})
    return pa.schema([(name, kind) for name, kind, _ in columns], {"huggingface": note})


class ShardWriter(AbstractContextManager["ShardWriter"]):
    """Writes one row per clip, a still into `image`, several frames into `frames`.

    Raises:
        ContractError: frames are not (T, H, W, 3) uint8, a label is of no class, or an id comes
            twice.
    """

    def __init__(self, folder: Path, classes: tuple[str, ...], shard_bytes: int) -> None:
        self.folder = folder
        self.clips = self.shards = 0
        self._schema = schema_of(classes)
        self._labels = {name: number for number, name in enumerate(classes)}
        self._limit = shard_bytes
        self._seen: set[str] = set()
        self._rows: list[dict[str, Any]] = []
        self._held = self._written = 0
        self._file: pq.ParquetWriter | None = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
            if not self.shards:  # Without clips one empty file holds the columns.
                self._open().write_table(self._schema.empty_table())
        self._close()

    def add(self, clip: Clip, item: Item | None, *, split: str) -> None:
        """One clip; its item knows the part and whether its pair is weak."""
        name = exported_id(clip.id)
        shape, kind = clip.frames.shape, clip.frames.dtype
        if len(shape) != 4 or shape[0] < 1 or shape[3] != 3 or kind != np.uint8:
            raise ContractError(f"clip {clip.id!r}: {shape} {kind}, not (T, H, W, 3) uint8")
        if clip.label is not None and clip.label not in self._labels:
            raise ContractError(f"clip {clip.id!r}: label {clip.label!r} is of no class")
        if name in self._seen:
            raise ContractError(f"clip id {name!r} comes twice")
        self._seen.add(name)
        images: list[dict[str, Any]] = [
            {"bytes": encode_image(frame), "path": f"{name}_{k}.png"}
            for k, frame in enumerate(clip.frames)
        ]
        audio = _audio(clip, name)
        row = {
            "id": name,
            "image": images[0] if len(images) == 1 else None,
            "frames": images if len(images) > 1 else None,
            "label": None if clip.label is None else self._labels[clip.label],
            "subject": clip.subject,
            "spectrum": clip.spectrum,
            "lighting": clip.lighting,
            "pair": clip.pair,
            "split": split,
            "part": "" if item is None else item.part,
            "weak_pair": item is not None and item.weak_pair,
            "fps": clip.fps,
            "audio": audio,
            "landmarks": None if clip.landmarks is None else clip.landmarks.tolist(),
        }
        self._rows.append(row)
        files = [*images, *([audio] if audio is not None else [])]
        self._held += sum(len(file["bytes"]) for file in files)
        self.clips += 1
        if len(self._rows) >= ROWS or self._held >= min(GROUP, self._limit):
            self._flush()

    def number_shards(self) -> None:
        """Give the files their final names, which hold their number."""
        for number in range(self.shards):
            name = f"clips-{number:05d}-of-{self.shards:05d}.parquet"
            self._place(number).rename(self.folder / name)

    def _flush(self) -> None:
        if self._rows:
            self._open().write_table(pa.Table.from_pylist(self._rows, self._schema))
            self._written += self._held
            self._rows, self._held = [], 0
        if self._written >= self._limit:
            self._close()

    def _open(self) -> pq.ParquetWriter:
        if self._file is None:
            self._file = pq.ParquetWriter(self._place(self.shards), self._schema)
            self.shards += 1
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file, self._written = None, 0

    def _place(self, number: int) -> Path:
        return self.folder / f"clips-{number:05d}.parquet"


def exported_id(name: str) -> str:
    """An id of `[a-z0-9_]`, as dataset `hub` keeps it: `dfew_1.15` becomes `dfew_1_15`."""
    return re.sub(r"[^a-z0-9_]", "_", name.casefold())


def encode_image(frame: NDArray[Any]) -> bytes:
    """(H, W, 3) uint8 as PNG; one channel where all three are equal."""
    grey = bool((frame[..., 0] == frame[..., 1]).all() and (frame[..., 0] == frame[..., 2]).all())
    stream = BytesIO()
    image = Image.fromarray(np.ascontiguousarray(frame[..., 0] if grey else frame))
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def encode_audio(audio: NDArray[Any], rate: int) -> bytes:
    """(samples,) float32 as a WAV file of the same floats, one channel."""
    import av

    stream = BytesIO()
    with av.open(stream, "w", format="wav", options={"fflags": "+bitexact"}) as container:
        track: Any = container.add_stream("pcm_f32le", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(audio, np.float32)[None], format="flt", layout="mono"
        )
        frame.sample_rate = rate
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return stream.getvalue()


def _audio(clip: Clip, name: str) -> dict[str, Any] | None:
    if clip.audio is None or clip.sample_rate is None or not len(clip.audio):
        return None
    return {"bytes": encode_audio(clip.audio, clip.sample_rate), "path": f"{name}.wav"}
