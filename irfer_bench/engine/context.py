"""The context a step runs in: seeds, parts, features, checkpoints and reports over the store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from irfer_bench.contracts.values import JSON, Clips, Features, Scalar, State
from irfer_bench.errors import ContractError
from irfer_bench.store import keys
from irfer_bench.store.artefacts import Store
from irfer_bench.store.state import read_checkpoint, read_state, write_checkpoint, write_state


@dataclass
class StepContext:
    """One step's `irfer_bench.api.Context`.

    Args:
        step_key: names the folder of unfinished work.
        title: of the step, for messages.
        owner_of: the owner of a shared part by its name; it enters the part's key.
        show: called with the progress of a loop.
        code: digest of the code that the step runs. roots: modules where it starts.
        threads: torch's, for this step.
    """

    store: Store
    step_key: str
    title: str
    owner_of: Callable[[str], str]
    seed: int
    device: str
    precision: str
    weights: Path
    show: Callable[[str, int, int, str], None]
    code: str = ""
    roots: tuple[str, ...] = ()
    threads: int = 1
    reports: dict[str, Scalar] = field(default_factory=dict)

    @property
    def scratch(self) -> Path:
        folder = self.store.unfinished(self.step_key) / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def set_threads(self) -> None:
        """Set torch's number of threads, where torch was imported."""
        torch = sys.modules.get("torch")
        if torch is not None and torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)

    def seed_for(self, *names: str) -> int:
        return keys.seed_for(self.seed, *names)

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        self.show(name, done, total, note)

    def part(self, name: str, key: JSON, build: Callable[[], State]) -> State:
        identity = {
            "step": "part",
            "owner": self.owner_of(name),
            "name": name,
            "of": key,
            "precision": self.precision,
        }
        described = identity | {"title": f"part {name} of {self.title}", "code": list(self.roots)}
        outer, outer_reports = self.step_key, self.reports
        self.step_key, self.reports = keys.digest(identity), {}

        def write(folder: Path) -> Mapping[str, Any]:
            write_state(folder, build())
            return {"reports": self.reports}

        try:
            artefact, _ = self.store.get_or_build(
                self.step_key, write, describe=described, source=self.code
            )
        finally:
            self.step_key, self.reports = outer, outer_reports
        self.reports.update(artefact.facts["reports"])
        return read_state(artefact.folder)

    def encode(
        self,
        name: str,
        clips: Clips,
        key: JSON,
        encode: Callable[[Clips], Features],
        *,
        scored: bool = False,
    ) -> Features:
        import numpy as np

        from irfer_bench.data.clip_list import GivenClips
        from irfer_bench.data.clips import ClipView

        if isinstance(clips, GivenClips):
            made = encode(clips.unlabelled())
            given = (len(clip.scored_frames() if scored else clip.frames) for clip in clips)
            return _check_encoded(name, made, sum(given))
        if not isinstance(clips, ClipView):
            raise ContractError(
                f"encode({name!r}) was given a {type(clips).__name__}",
                "give it clips as fit, translate or predict were given them",
            )
        stored = clips.stored
        whole = stored.view()
        frames = [
            (n, tuple(range(n)) if picked is None or not scored else picked)
            for n, picked in whole.frame_counts()
        ]  # fmt: skip
        counts = [len(picked) for _, picked in frames]
        described: dict[str, JSON] = {"clips": stored.key, "of": key}
        if any(picked != tuple(range(n)) for n, picked in frames):
            described["frames"] = stored.scored

        def build() -> State:
            made = encode(whole.hide_labels())
            return State({"features": _check_encoded(name, made, sum(counts))})

        kept = self.part(name, described, build)
        ends = np.cumsum([0, *counts])
        picked = [np.arange(ends[i], ends[i + 1]) for i in clips.indices]
        rows: Features = kept.tensors["features"][np.concatenate([np.arange(0), *picked])]
        return rows

    def checkpoint(self, name: str, state: State) -> None:
        write_checkpoint(self._checkpoint(name), state)

    def last_checkpoint(self, name: str) -> State | None:
        return read_checkpoint(self._checkpoint(name))

    def report(self, name: str, value: Scalar) -> None:
        self.reports[name] = value

    def _checkpoint(self, name: str) -> Path:
        file = "".join(c if c.isalnum() else "_" for c in name)
        return self.store.unfinished(self.step_key) / f"{file}.checkpoint"


def _check_encoded(name: str, made: Features, frames: int) -> Features:
    import numpy as np

    features: Features = np.asarray(made, np.float32)
    if features.ndim != 2 or len(features) != frames:
        raise ContractError(
            f"encode({name!r}) returned features of shape {features.shape}, "
            f"not one row for each of {frames} frames"
        )
    return features
