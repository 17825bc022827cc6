"""The context in which a component's methods are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from irfer_bench.contracts.values import JSON, Clips, Features, Scalar, State


class Context(Protocol):
    """Where a step runs. Only `seed` and `precision` enter a key."""

    @property
    def seed(self) -> int: ...
    @property
    def device(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def scratch(self) -> Path: ...
    @property
    def threads(self) -> int:
        """Torch threads of this step; recorded, never part of a key."""
        ...

    @property
    def weights(self) -> Path:
        """The folder where users put pretrained weights (`IRFER_BENCH_WEIGHTS`)."""
        ...

    def seed_for(self, *names: str) -> int:
        """A 63-bit seed that depends on the cell's seed and the names, and on nothing else."""
        ...

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        """Say how far a loop is; the estimate is the caller's screen's business."""
        ...

    def part(self, name: str, key: JSON, build: Callable[[], State]) -> State:
        """Get, or build once and share, a named part; `key` is everything it depends on.

        Methods of one distribution share it where their components declare the same owner in
        `Component.parts`; without one it belongs to this component and version.
        """
        ...

    def encode(
        self,
        name: str,
        clips: Clips,
        key: JSON,
        encode: Callable[[Clips], Features],
        *,
        scored: bool = False,
    ) -> Features:
        """(frames of `clips`, D) float32 features of a frozen encoder, frame after frame.

        `encode` is called once with every clip of the stored artefact behind `clips`, labels
        hidden, and returns one row per frame; the rows of `clips` are gathered from it.

        Args:
            key: everything the features depend on besides the clips: weights, view, precision.
            scored: one row for each frame that the setting scores, instead of each stored one.
        """
        ...

    def checkpoint(self, name: str, state: State) -> None:
        """Keep an unfinished fit, so that an interrupted run goes on."""
        ...

    def last_checkpoint(self, name: str) -> State | None:
        """What `checkpoint` kept for this step, or None."""
        ...

    def report(self, name: str, value: Scalar) -> None:
        """Put a fact about this step into the record."""
        ...
