"""Frames as numbered examples: which, in which order, with which label; batches of clips."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from irfer_bench.api import Clip
from irfer_bench.nn import frames as module
from irfer_bench.nn.frames import (
    FrameTable,
    ResizedFrames,
    clip_batches,
    endless_order,
    epoch_order,
)
from irfer_bench.nn.images import to_tensor
from irfer_bench.testing.memory import ClipList, MemoryContext

CLASSES = ("anger", "fear")


def _clip(name: str, frames: int, label: str | None, scored: tuple[int, ...] | None = None) -> Clip:
    """Frame t of clip number n is filled with 10 n + t."""
    level = np.arange(frames, dtype=np.uint8) + 10 * int(name)
    pixels = np.ones((frames, 4, 4, 3), np.uint8) * level[:, None, None, None]
    return Clip(name, pixels, "vis" if int(name) % 2 else "nir", label, scored=scored)


SOURCE = ClipList([_clip("1", 3, "fear", (0, 2)), _clip("2", 1, "anger")])
TARGET = ClipList([_clip("3", 4, None, (3, 1)), _clip("4", 2, "contempt")])


def test_only_scored_frames_are_listed_in_the_setting_s_order() -> None:
    table = FrameTable(SOURCE, TARGET, classes=CLASSES)
    read = table.read(range(len(table)))
    assert [int(f.pixels[0, 0, 0]) for f in read] == [10, 12, 20, 33, 31, 40, 41]
    assert [f.infrared for f in read] == [False, False, True, False, False, True, True]
    assert table.owner.tolist() == [0, 0, 1, 2, 2, 3, 3]
    assert table.first.tolist() == [0, 2, 3, 5, 7]
    assert table.labels.tolist() == [1, 1, 0, -1, -1, -1, -1]
    assert table.clip_labels.tolist() == [1, 0, -1, -1]


def test_every_stored_frame_is_listed_where_asked_for() -> None:
    table = FrameTable(SOURCE, TARGET, scored=False)
    assert len(table) == 10
    read = table.read(range(len(table)))
    assert [int(f.pixels[0, 0, 0]) for f in read] == [10, 11, 12, 20, 30, 31, 32, 33, 40, 41]
    assert (table.labels == -1).all()


def test_a_share_of_a_clip_picks_one_of_its_own_frames() -> None:
    table = FrameTable(SOURCE, TARGET)
    assert table.pick([0, 0, 1, 3], [0.0, 0.99, 0.99, 0.5]) == [0, 1, 2, 6]


def test_resized_frames_equal_resizing_anew_and_memory_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CACHE_BYTES", 2 * 4 * 3 * 8**2)
    table = FrameTable(SOURCE, TARGET)
    resized = ResizedFrames(table, 8)
    for index in ([0, 3, 5], [5, 0, 6], [3]):
        expected = torch.cat([to_tensor(f.pixels[None], 8) for f in table.read(index)])
        assert torch.equal(resized.read(index), expected)
    assert resized._one.cache_info().currsize <= 2  # type: ignore[attr-defined]


class Opened(ClipList):
    """Counts how often a clip is opened."""

    opened = 0

    def __getitem__(self, index: int) -> Clip:  # type: ignore[override]
        self.opened += 1
        return super().__getitem__(index)


def test_a_clip_is_opened_once_for_its_neighbouring_frames() -> None:
    clips = Opened([_clip("3", 4, None), _clip("4", 3, None)])
    table, clips.opened = FrameTable(clips), 0
    read = table.read([0, 1, 3, 4, 6, 2])
    assert [int(f.pixels[0, 0, 0]) for f in read] == [30, 31, 33, 40, 42, 32]
    assert clips.opened == 3
    assert [int(f.pixels[0, 0, 0]) for f in table.read([4])] == [40]


def test_resized_frames_are_kept_in_memory() -> None:
    clips = Opened([_clip("3", 4, None), _clip("4", 3, None)])
    resized, clips.opened = ResizedFrames(FrameTable(clips), 8), 0
    for _ in range(3):
        resized.read([0, 3, 5])
    assert clips.opened == 3


def test_the_endless_order_is_permutations_and_depends_on_its_place_alone() -> None:
    seed = partial(MemoryContext(seed=1).seed_for, "order")
    stream = endless_order(5, 0, 23, seed)
    for start in range(0, 20, 5):
        assert sorted(stream[start : start + 5]) == list(range(5))
    assert stream[:5] != stream[5:10] or stream[5:10] != stream[10:15]
    assert endless_order(5, 7, 9, seed) == stream[7:16]


def test_an_epoch_takes_every_item_once_in_batches_of_nearly_one_size() -> None:
    seed = partial(MemoryContext(seed=1).seed_for, "order")
    epochs = [[epoch_order(10, step, 4, seed) for step in range(s, s + 3)] for s in (0, 3)]
    for steps in epochs:
        assert sorted(i for step in steps for i in step) == list(range(10))
        assert sorted(map(len, steps)) == [3, 3, 4]
    assert epochs[0] != epochs[1]


def test_batches_of_clips_keep_audio_apart_from_silence() -> None:
    voice = np.linspace(-1, 1, 6, dtype=np.float32)
    clips = ClipList([
        replace(SOURCE[0], audio=voice, sample_rate=8), SOURCE[1],
        replace(TARGET[0], audio=voice[:2].copy(), sample_rate=8),
    ])  # fmt: skip
    first, last = clip_batches(clips, 2)
    rows, present = first.audio(4)
    assert present.tolist() == [True, False]
    assert np.allclose(rows.numpy(), [voice[:4], np.zeros(4)])
    assert np.allclose(last.audio(4)[0].numpy(), [[*voice[:2], 0, 0]])
    frames, owners = last.frames()
    assert owners == [2, 2]
    assert [int(f.pixels[0, 0, 0]) for f in frames] == [33, 31]
