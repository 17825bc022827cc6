"""What this family announces."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.api import Component, hookimpl


@hookimpl
def irfer_bench_components() -> Iterable[Component]:
    """The family's components."""
    return ()
