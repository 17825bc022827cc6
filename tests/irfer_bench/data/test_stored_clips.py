"""Stored clips: larger than memory, read-only, protected against writes into their arrays."""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from datasets import Dataset

from irfer_bench.data.arrow import write_shard
from irfer_bench.data.clips import StoredClips, shard_name, write_clips
from irfer_bench.data.columns import LATER, SCHEMA
from irfer_bench.errors import DamagedError
from irfer_bench.testing.faces import make_faces

NO_RESERVE = 0x4000 if sys.platform == "linux" else 0


def test_what_was_written_is_read(tmp_path: Path) -> None:
    given = make_faces("nir", (1, 2), frames=2, voice=True)
    assert write_clips(tmp_path, given) == 12
    view = StoredClips(tmp_path, "key").view()
    assert view.ids == given.ids
    for one, other in zip(given, view, strict=True):
        for name in ("frames", "landmarks", "audio"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        assert (one.label, one.subject, one.pair, one.fps) == (
            other.label, other.subject, other.pair, other.fps
        )


def test_an_array_cannot_be_written(tmp_path: Path) -> None:
    write_clips(tmp_path, make_faces("nir", (1,)))
    clip = StoredClips(tmp_path, "key").clip(0)
    for array in (clip.frames, clip.landmarks):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("name", ["frames", "landmarks"])
def test_a_write_past_the_flag_reaches_nobody_else(name: str, tmp_path: Path) -> None:
    """torch ignores numpy's flag: what it changes is a copy, whichever clip it is."""
    write_clips(tmp_path, make_faces("nir", range(1, 31)))
    stored, before = StoredClips(tmp_path, "key"), StoredClips(tmp_path, "key")
    for k in range(len(stored)):
        torch.from_numpy(getattr(stored.clip(k), name)).fill_(7)
    for k in range(len(stored)):
        seen = getattr(before.clip(k), name)
        assert (seen != 7).any() and np.array_equal(getattr(stored.clip(k), name), seen)
        assert np.array_equal(getattr(StoredClips(tmp_path, "key").clip(k), name), seen)


class _Sparse:
    """A file in which large writes leave a hole: what it holds need not exist."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")
        self.closed = False

    def write(self, data: object) -> int:
        size = memoryview(data).nbytes  # type: ignore[arg-type]
        if size > 2**20:
            self.file.truncate(self.file.seek(size, os.SEEK_CUR))
        else:
            self.file.write(data)  # type: ignore[call-overload]
        return size

    def flush(self) -> None:
        self.file.flush()


def test_more_clips_than_memory(tmp_path: Path) -> None:
    """Files of twice the machine's memory are opened and indexed; nothing is set aside for it."""
    side = 1024
    count = 2 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (side * side * 3)
    pages = mmap.mmap(-1, side * side * 3 * count, flags=mmap.MAP_PRIVATE | NO_RESERVE)
    row = {"spectrum": "nir", "lighting": "", "count": 1, "height": side, "width": side}
    rows = [row | {"id": str(number)} for number in range(count)]
    batch = pa.RecordBatch.from_pylist(rows, schema=SCHEMA)
    ends = pa.py_buffer(np.arange(count + 1, dtype=np.int64) * (len(pages) // count))
    frames = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), count, [None, ends, pa.py_buffer(pages)]
    )
    batch = batch.set_column(SCHEMA.get_field_index("frames"), SCHEMA.field("frames"), frames)
    sparse = _Sparse(tmp_path / shard_name(0))
    with pa.ipc.new_stream(pa.PythonFile(sparse, "w"), SCHEMA) as stream:
        stream.write_batch(batch)
    sparse.file.close()
    stored = StoredClips(tmp_path, "key")
    assert len(stored) == count
    for index in (0, count // 2, count - 1):
        assert stored.clip(index).frames.shape == (1, side, side, 3)
        assert stored.clip(index).frames.max() == 0


def test_clips_in_several_files_are_one_collection(tmp_path: Path) -> None:
    given = make_faces("nir", (1, 2), frames=2)
    for number, part in enumerate((given[:5], given[5:])):
        write_shard(tmp_path / shard_name(number), part)
    stored = StoredClips(tmp_path, "key")
    assert stored.view().ids == given.ids
    assert np.array_equal(stored.clip(7).frames, given[7].frames)


@pytest.mark.parametrize("keep", [0, 40, -200])
def test_a_cut_file_is_damage(keep: int, tmp_path: Path) -> None:
    write_clips(tmp_path, make_faces("nir", (1,)))
    path = tmp_path / shard_name(0)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DamagedError, match="cannot be read"):
        StoredClips(tmp_path, "key")


def test_the_datasets_library_reads_it(tmp_path: Path) -> None:
    given = make_faces("nir", (1,))
    write_clips(tmp_path, given)
    table = Dataset.from_file(str(tmp_path / shard_name(0)))
    assert table["id"][:] == list(given.ids)
    assert table[3]["frames"] == given[3].frames.tobytes()


def test_files_from_before_positions_are_read(tmp_path: Path) -> None:
    """Artefacts of an earlier version keep their keys, so their files must be read."""
    given = make_faces("nir", (1, 2), frames=2, voice=True)
    write_clips(tmp_path, given)
    path = tmp_path / shard_name(0)
    table = pa.ipc.open_stream(path.read_bytes()).read_all()
    old = table.drop_columns(sorted(LATER))
    with pa.ipc.new_stream(path, old.schema) as stream:
        stream.write_table(old)
    for one, other in zip(given, StoredClips(tmp_path, "key", "last(1)").view(), strict=True):
        assert np.array_equal(one.frames, other.frames) and one.label == other.label
        assert (other.positions, other.length, other.scored) == (None, None, None)
    lacking = table.drop_columns(["length"])
    with pa.ipc.new_stream(path, lacking.schema) as stream:
        stream.write_table(lacking)
    with pytest.raises(DamagedError, match="other columns"):
        StoredClips(tmp_path, "key")
