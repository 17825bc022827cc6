"""Stored clips: larger than memory, read-only, and honest about who wrote into them."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from datasets import Dataset

from irfer_bench.data.arrow import NO_RESERVE, SCHEMA, write_shard
from irfer_bench.data.clips import StoredClips, shard_name, write_clips
from irfer_bench.errors import DamagedError
from irfer_bench.testing.faces import make_faces


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
    stored = StoredClips(tmp_path, "key")
    clip = stored.clip(0)
    for array in (clip.frames, clip.landmarks):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    assert not stored.touched()


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize("name", ["frames", "landmarks"])
def test_a_write_past_the_flag_is_seen_and_reaches_no_file(name: str, tmp_path: Path) -> None:
    """torch ignores numpy's flag: the page is copied, the file stays, `touched` tells."""
    write_clips(tmp_path, make_faces("nir", (1,)))
    stored = StoredClips(tmp_path, "key")
    before = StoredClips(tmp_path, "key").clip(0)
    torch.from_numpy(getattr(stored.clip(0), name)).fill_(7)
    assert stored.touched()
    fresh = StoredClips(tmp_path, "key")
    assert not fresh.touched()
    assert np.array_equal(getattr(fresh.clip(0), name), getattr(before, name))


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
    row = {
        "id": "last", "spectrum": "nir", "lighting": "", "count": count,
        "height": side, "width": side,
    }
    batch = pa.RecordBatch.from_pylist([row], schema=SCHEMA)
    ends = pa.py_buffer(np.array([0, len(pages)], np.int64))
    frames = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), 1, [None, ends, pa.py_buffer(pages)]
    )
    batch = batch.set_column(SCHEMA.get_field_index("frames"), SCHEMA.field("frames"), frames)
    sparse = _Sparse(tmp_path / shard_name(0))
    with pa.ipc.new_stream(pa.PythonFile(sparse, "w"), SCHEMA) as stream:
        stream.write_batch(batch)
    sparse.file.close()
    stored = StoredClips(tmp_path, "key")
    assert stored.clip(0).frames.shape == (count, side, side, 3)
    assert stored.clip(0).frames[-1].max() == 0


def test_clips_in_several_files_are_one_collection(tmp_path: Path) -> None:
    given = make_faces("nir", (1, 2), frames=2)
    for number, part in enumerate((given[:5], given[5:])):
        write_shard(tmp_path / shard_name(number), part)
    stored = StoredClips(tmp_path, "key")
    assert stored.view().ids == given.ids
    assert np.array_equal(stored.clip(7).frames, given[7].frames)
    assert not stored.touched()


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
