"""Clips stored as JPEG files, and which of their frames are decoded, when, in which thread."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.api import Clip, Clips, Item
from irfer_bench.data import lazy_clips
from irfer_bench.data.arrow import write_shard
from irfer_bench.data.clips import StoredClips, shard_name
from irfer_bench.data.preparation.coding import code_frames
from irfer_bench.testing.memory import MemoryContext

WAIT = 60.0
"""Seconds until a batch counts as not read ahead; a batch that is read takes far less."""


class Decoded:
    """Counts the stored frames that are decoded, and wakes who waits for a number of them."""

    def __init__(self) -> None:
        self.frames: list[str] = []
        self.threads: set[str] = set()
        self._more = threading.Condition()

    @classmethod
    def watch(cls, patch: pytest.MonkeyPatch) -> Decoded:
        """Count from now on."""
        seen, real = cls(), lazy_clips.decode_image

        def decode(source: Any, name: str) -> Any:
            frame = real(source, name)
            seen.add(name)
            return frame

        patch.setattr(lazy_clips, "decode_image", decode)
        return seen

    def add(self, name: str) -> None:
        with self._more:
            self.frames.append(name)
            self.threads.add(threading.current_thread().name)
            self._more.notify_all()

    def reach(self, count: int) -> bool:
        with self._more:
            return self._more.wait_for(lambda: len(self.frames) >= count, WAIT)


class Waiting(MemoryContext):
    """After each training step, waits until the frames of the next step's batch are decoded."""

    def __init__(self, decoded: Decoded, batch: int, **given: Any) -> None:
        super().__init__(**given)
        self.decoded, self.batch = decoded, batch
        self.ready: list[bool] = []

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name != "predict" and done < total:
            self.ready.append(self.decoded.reach((done + 1) * self.batch))


def store_jpegs(folder: Path, clips: Iterable[Clip]) -> Clips:
    """The clips as `coding=jpeg95` keeps them; they need their `positions`."""
    item = Item("one", None, None, "vis")
    made = (code_frames(clip, item, None, "jpeg95")[0] for clip in clips)
    write_shard(folder / shard_name(0), made, coded=True)
    return StoredClips(folder, "key").view()
