"""Clips and a context that live in memory, for tests and experiments of plugin authors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import Clips, Features, Scalar, State
from irfer_bench.data.clip_list import ClipList as ClipList
from irfer_bench.store.keys import seed_for


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
        self,
        name: str,
        clips: Clips,
        key: Any,
        encode: Callable[[Clips], Features],
        *,
        scored: bool = False,
    ) -> Features:
        full = [key, clips.key, scored]
        kept = self.part(name, full, lambda: State({"features": encode(clips)}))
        return kept.tensors["features"]

    def checkpoint(self, name: str, state: State) -> None:
        self.checkpoints[self.scope + name] = state

    def last_checkpoint(self, name: str) -> State | None:
        return self.checkpoints.get(self.scope + name)

    def report(self, name: str, value: Scalar) -> None:
        self.reports[name] = value
