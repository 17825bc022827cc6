"""Components of the recognizers of videos with audio."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """Networks over several frames, and over frames and audio."""
    return ()
