"""The five hooks. A plugin implements any of them in a module that imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from irfer_bench.contracts.record import Record
    from irfer_bench.contracts.values import Component

PROJECT = "irfer_bench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def irfer_bench_components() -> Iterable[Component]:  # type: ignore[empty-body]
    """Announce datasets, settings, translators, recognizers, metrics and detectors as manifests."""


@hookspec
def irfer_bench_executors() -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Announce ways to carry out a plan, for `run --executor NAME`.

    The address names a function `(plan, workshop, out) -> Iterator[Outcome]`, an outcome per cell.
    """


@hookspec
def irfer_bench_renderers() -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Announce ways to show boards, for `leaderboard --format NAME`.

    The address names a function `(boards: Sequence[Board]) -> Mapping[str, str | bytes]`: the
    boards of the settings that were asked for become files, by their paths below `--out`. A path
    is relative and printable; `README.md`, hidden files, `records`, `predictions` and `images`
    are refused. The core writes what changed.
    """


@hookspec(firstresult=True)
def irfer_bench_fetch(uri: str, sha256: str, into: Path) -> Path | None:
    """Bring the pretrained file that `uri` names into the folder `into` and return its path.

    Asked when a plan misses weights; `sha256` is the digest or its known beginning. Return None
    for what you do not know. The core checks the digest again.
    """


@hookspec
def irfer_bench_cell_finished(record: Record) -> None:
    """Be told of a finished cell (MLflow, W&B); what you raise is reported and ignored."""
