"""The five hooks. A plugin implements any of them in a module that imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from irfer_bench.records import Record
    from irfer_bench.values import Component

PROJECT = "irfer_bench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def irfer_bench_components() -> Iterable[Component]:  # type: ignore[empty-body]
    """Announce datasets, settings, translators, recognizers and metrics as manifests."""


@hookspec
def irfer_bench_executors() -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Announce ways to run cells: (name, `pkg.module:Executor`)."""


@hookspec
def irfer_bench_renderers() -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Announce ways to show a board: (name, `pkg.module:render`)."""


@hookspec(firstresult=True)
def irfer_bench_fetch(uri: str, sha256: str, into: Path) -> Path | None:
    """Bring a file that `uri` names into the folder `into`; the core checks the digest again."""


@hookspec
def irfer_bench_cell_finished(record: Record) -> None:
    """Be told of a finished cell (MLflow, W&B); what you raise is reported and ignored."""
