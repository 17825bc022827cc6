"""Built-in executors and renderers, announced through the public hooks."""

from __future__ import annotations

from collections.abc import Iterable

from irfer_bench.contracts.hookspecs import hookimpl


@hookimpl
def irfer_bench_executors() -> Iterable[tuple[str, str]]:
    """This process, cell after cell; or child processes of this machine."""
    yield "inline", "irfer_bench.engine.executors.inline:execute"
    yield "local", "irfer_bench.engine.executors.local:execute"


@hookimpl
def irfer_bench_renderers() -> Iterable[tuple[str, str]]:
    """The committed page."""
    yield "markdown", "irfer_bench.render.markdown:render"
