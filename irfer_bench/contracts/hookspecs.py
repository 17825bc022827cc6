"""The five hooks. A plugin implements any of them in a module that imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from irfer_bench.contracts.component import Component
    from irfer_bench.contracts.record import Record

PROJECT = "irfer_bench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def irfer_bench_components() -> Iterable[Component]:  # type: ignore[empty-body]
    """Announce datasets, settings, translators, recognizers, metrics and detectors as manifests."""


@hookspec
def irfer_bench_executors() -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Announce executors, for `run --executor NAME`.

    The address names a function `(jobs: Sequence[Job], host: Host) -> Iterator[JobResult]`, which
    yields one result per job, in any order. An executor only launches `irfer-bench run-cell`, or
    calls `host.carry_out(job)` for this process; the host writes records, informs observers
    and prints. Processes it started must end when the iterator is closed.
    """


@hookspec
def irfer_bench_renderers() -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Announce renderers of boards, for `leaderboard --format NAME`.

    The address names a function `(boards: Sequence[Board]) -> Mapping[str, str | bytes]`: the
    boards of the settings that were asked for become files, by their paths below `--out`. A path
    is relative and printable; `README.md`, hidden files, `records`, `predictions` and `images`
    are refused. The core writes what changed.
    """


@hookspec(firstresult=True)
def irfer_bench_fetch(uri: str, sha256: str, into: Path) -> Path | None:
    """Fetch the pretrained file that `uri` names into the folder `into` and return its path.

    Called when a plan lacks weights; `sha256` is the digest or its known beginning. Return None
    for an unknown `uri`. The core checks the digest again.
    """


@hookspec
def irfer_bench_cell(
    event: str,
    cell: Mapping[str, Any],
    outcome: str,
    record: Record | None,
    cached: bool,
    message: str,
) -> None:
    """Observe each cell (MLflow, W&B); an exception raised here is reported and ignored.

    Called in the host's process. `event` is `started`, `finished`, `failed` or `refused`;
    `cell` names setting, translator, recognizer, fold and seed; `outcome` is `ok`, `failed`,
    `timeout`, `oom` or `refused`, and empty at the start; `record` is there once it is written,
    `message` says why a cell has no result, and `cached` tells that nothing was computed for
    it. A combination that is refused by the plan never starts.
    """
