"""Clips and a context that live in memory, for tests and experiments of plugin authors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import Clip, Clips, Features, Scalar, State
from irfer_bench.store.keys import seed_for


class ClipList:
    """A list of clips with the `Clips` surface; its arrays are made read-only."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = list(clips)
        for clip in self._clips:
            for array in (clip.frames, clip.landmarks, clip.audio):
                if array is not None:
                    array.flags.writeable = False

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for clip in self._clips:
            digest.update(f"{clip.id}|{clip.label}|".encode())
            digest.update(clip.frames.tobytes())
        return digest.hexdigest()

    @property
    def ids(self) -> list[str]:
        return [clip.id for clip in self._clips]

    @property
    def labels(self) -> list[str | None]:
        return [clip.label for clip in self._clips]

    @property
    def subjects(self) -> list[str | None]:
        return [clip.subject for clip in self._clips]

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> Clip:
        return self._clips[index]

    def __iter__(self) -> Iterator[Clip]:
        return iter(self._clips)

    def unlabelled(self) -> ClipList:
        """The same clips without labels."""
        return ClipList([replace(clip, label=None) for clip in self._clips])


@dataclass
class MemoryContext:
    """A context that keeps parts, checkpoints and reports in dictionaries."""

    seed: int = 0
    device: str = "cpu"
    precision: str = "fp32"
    scratch: Path = Path()
    threads: int = 1
    weights: Path = Path("weights")
    parts: dict[str, State] = field(default_factory=dict)
    checkpoints: dict[str, State] = field(default_factory=dict)
    reports: dict[str, Scalar] = field(default_factory=dict)
    scope: str = ""
    distribution: str = "tests"
    component: str = "component/1"
    owners: Mapping[str, str] = field(default_factory=dict)

    def seed_for(self, *names: str) -> int:
        return seed_for(self.seed, *names)

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        """Progress is not shown here."""

    def part(self, name: str, key: Any, build: Callable[[], State]) -> State:
        owner = self.owners.get(name) or self.component
        full = f"{self.distribution}:{owner}:{name}:{key!r}"
        if full not in self.parts:
            outer, self.scope = self.scope, full
            try:
                self.parts[full] = build()
            finally:
                self.scope = outer
        return self.parts[full]

    def encode(
        self, name: str, clips: Clips, key: Any, encode: Callable[[Clips], Features]
    ) -> Features:
        kept = self.part(name, [key, clips.key], lambda: State({"features": encode(clips)}))
        return kept.tensors["features"]

    def checkpoint(self, name: str, state: State) -> None:
        self.checkpoints[self.scope + name] = state

    def last_checkpoint(self, name: str) -> State | None:
        return self.checkpoints.get(self.scope + name)

    def report(self, name: str, value: Scalar) -> None:
        self.reports[name] = value
