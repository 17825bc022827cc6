"""Stored clips: larger than memory, read-only, and honest about who wrote into them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from irfer_bench.data.clips import FRAMES, INDEX, StoredClips, write_clips
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


def test_more_clips_than_memory(tmp_path: Path) -> None:
    """A file of twice the machine's memory is opened and indexed; nothing is set aside for it."""
    side = 1024
    count = 2 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (side * side * 3)
    with (tmp_path / FRAMES).open("wb") as stream:
        stream.truncate(count * side * side * 3)
    row = {
        "id": "last", "label": None, "subject": None, "spectrum": "nir", "lighting": "",
        "pair": None, "fps": None, "start": count - 1, "count": 1,
    }
    (tmp_path / INDEX).write_text(json.dumps({"height": side, "width": side, "clips": [row]}))
    stored = StoredClips(tmp_path, "key")
    assert stored.clip(0).frames.shape == (1, side, side, 3)
    assert not stored.touched()
