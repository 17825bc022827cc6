"""The context a step runs in: seeds, parts, checkpoints and reports over the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import JSON, Clips, Features, Scalar, State
from irfer_bench.store import keys
from irfer_bench.store.artefacts import Store
from irfer_bench.store.state import read_checkpoint, read_state, write_checkpoint, write_state


@dataclass
class StepContext:
    """One step's `irfer_bench.api.Context`.

    Args:
        step_key: where unfinished work of this step is kept.
        owner: identity of the component, so that parts of two components never meet by accident.
        show: told how far a loop is.
    """

    store: Store
    step_key: str
    owner: str
    seed: int
    device: str
    precision: str
    weights: Path
    show: Callable[[str, int, int, str], None]
    source: str = ""
    threads: int = 1
    reports: dict[str, Scalar] = field(default_factory=dict)

    @property
    def scratch(self) -> Path:
        folder = self.store.unfinished(self.step_key) / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def seed_for(self, *names: str) -> int:
        return keys.seed_for(self.seed, *names)

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        self.show(name, done, total, note)

    def part(self, name: str, key: JSON, build: Callable[[], State]) -> State:
        described = {
            "step": "part",
            "owner": self.owner,
            "name": name,
            "of": key,
            "precision": self.precision,
        }
        outer, outer_reports = self.step_key, self.reports
        self.step_key, self.reports = keys.digest(described), {}

        def write(folder: Path) -> Mapping[str, Any]:
            write_state(folder, build())
            return {"reports": self.reports}

        try:
            artefact, _ = self.store.get_or_build(
                self.step_key, write, describe=described, source=self.source
            )
        finally:
            self.step_key, self.reports = outer, outer_reports
        self.reports.update(artefact.facts["reports"])
        return read_state(artefact.folder)

    def encode(
        self, name: str, clips: Clips, key: JSON, encode: Callable[[Clips], Features]
    ) -> Features:
        described = {"clips": clips.key, "of": key}
        kept = self.part(name, described, lambda: State({"features": encode(clips)}))
        return kept.tensors["features"]

    def checkpoint(self, name: str, state: State) -> None:
        write_checkpoint(self._checkpoint(name), state)

    def last_checkpoint(self, name: str) -> State | None:
        return read_checkpoint(self._checkpoint(name))

    def report(self, name: str, value: Scalar) -> None:
        self.reports[name] = value

    def _checkpoint(self, name: str) -> Path:
        file = "".join(c if c.isalnum() else "_" for c in name)
        return self.store.unfinished(self.step_key) / f"{file}.checkpoint"
