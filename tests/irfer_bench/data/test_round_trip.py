"""Clips of any shape, with and without landmarks and audio, are read as they were written."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.values import Clip
from irfer_bench.data import arrow
from irfer_bench.data.arrow import Shard, write_shard
from irfer_bench.data.clips import StoredClips, shard_name, write_clips
from irfer_bench.errors import ContractError

FACTS = ("id", "label", "subject", "spectrum", "lighting", "pair", "fps", "sample_rate")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
maybe = st.none() | words


@st.composite
def clips(draw: st.DrawFn) -> list[Clip]:
    height, width = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    names = draw(st.lists(st.text("ab.é", min_size=1, max_size=6), unique=True, max_size=12))
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    found = []
    for name in names:
        count = draw(st.integers(1, 4))
        frames = rng.integers(0, 256, (count, height, 2 * width, 3), np.uint8)
        landmarks = rng.normal(size=(count, 68, 2)).astype(draw(st.sampled_from(["f4", "f8"])))
        audio = rng.normal(size=draw(st.integers(0, 5))).astype(np.float32)
        voiced = draw(st.booleans())
        found.append(
            Clip(
                id=name,
                frames=frames[:, :, ::2] if draw(st.booleans()) else frames[:, :, :width],
                spectrum=draw(st.sampled_from(["vis", "nir", "lwir"])),
                label=draw(maybe),
                subject=draw(maybe),
                lighting=draw(words),
                pair=draw(maybe),
                fps=draw(st.none() | st.floats(1, 240)),
                landmarks=landmarks if draw(st.booleans()) else None,
                audio=audio if voiced else None,
                sample_rate=draw(st.integers(1, 192000)) if voiced else None,
            )
        )
    return found


def same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return bool(np.array_equal(np.asarray(one, other.dtype), other))


@given(clips(), st.integers(1, 400), st.lists(st.integers(0, 12), max_size=3))
def test_what_was_written_is_read(given_: list[Clip], batch: int, cuts: list[int]) -> None:
    """Whatever the size of a batch, and however the clips are divided into files."""
    edges = [0, *sorted(cuts), len(given_)]
    with tempfile.TemporaryDirectory() as name, patch.object(arrow, "BATCH", batch):
        place = Path(name)
        for number, (low, high) in enumerate(pairwise(edges)):
            part = given_[low:high]
            assert write_shard(place / shard_name(number), part) == len(part)
        stored = StoredClips(place, "key")
        assert len(stored) == len(given_)
        for one, other in zip(given_, stored.view(), strict=True):
            assert [getattr(one, fact) for fact in FACTS] == [getattr(other, f) for f in FACTS]
            for array in ("frames", "landmarks", "audio"):
                assert same(getattr(one, array), getattr(other, array)), array
                back = getattr(other, array)
                assert back is None or not back.flags.writeable
        assert [clip.id for clip in stored.view()[::-1]] == [clip.id for clip in given_][::-1]


CLIP = Clip("a", np.zeros((2, 4, 4, 3), np.uint8), "nir")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"frames": np.zeros((2, 4, 4), np.uint8)}, "frames are"),
        ({"frames": np.zeros((2, 4, 4, 1), np.uint8)}, "frames are"),
        ({"frames": np.zeros((0, 4, 4, 3), np.uint8)}, "frames are"),
        ({"frames": np.zeros((2, 4, 4, 3), np.float32)}, "frames are"),
        ({"frames": np.zeros((2, 5, 4, 3), np.uint8)}, "is \\(5, 4\\) pixels, the others are"),
        ({"landmarks": np.zeros((1, 68, 2))}, "landmarks are \\(1, 68, 2\\), not \\(2, 68, 2\\)"),
        ({"audio": np.zeros((2, 9), np.float32)}, "audio is \\(2, 9\\), not \\(samples,\\)"),
        ({"positions": (0,)}, "1 positions of 2 frames"),
        ({"id": "a"}, "comes twice"),
    ],
)
def test_what_cannot_be_stored_is_named(changes: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=says):
        write_clips(tmp_path, [CLIP, replace(CLIP, **({"id": "b"} | changes))])


def test_an_empty_file_of_clips_is_no_damage(tmp_path: Path) -> None:
    assert write_clips(tmp_path, []) == 0
    assert len(Shard(tmp_path / shard_name(0))) == 0 == len(StoredClips(tmp_path, "key"))


SIZE = """
import sys
from pathlib import Path
from irfer_bench.data.clips import StoredClips
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
before = resident()
stored = StoredClips(Path(sys.argv[1]), "key")
view = stored.view()
assert len(view.ids) == 100_000 and view[99_999].frames.shape == (1, 2, 2, 3)
print(resident() - before)
"""


def test_a_hundred_thousand_clips_take_little_memory(tmp_path: Path) -> None:
    frames = np.zeros((1, 2, 2, 3), np.uint8)
    write_clips(
        tmp_path,
        (
            Clip(f"dfew_{k:06d}.0", frames, "vis", "happiness", f"s{k % 999}", pair=f"p{k}")
            for k in range(100_000)
        ),
    )
    child = [sys.executable, "-c", SIZE, str(tmp_path)]
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 200, "MiB; a row is about a kilobyte"
