"""irfer-bench: a benchmark of infrared and dynamic facial expression recognition.

`import irfer_bench as ib`, then `ib.run(...)`, `ib.plan(...)`, `ib.results(folder)`,
`ib.load(record)` and `ib.predict(files)`; the page docs/notebook.md shows them. Nothing else is
imported until one of them is asked for.
"""

__version__ = "0.1.0"
__all__ = ["Results", "__version__", "load", "plan", "predict", "results", "run"]

TYPE_CHECKING = False  # typing's own, which costs as much as the rest of `irfer-bench --help`
if TYPE_CHECKING:
    from typing import Any

    from irfer_bench.orchestration.loading import load
    from irfer_bench.orchestration.planning import plan
    from irfer_bench.orchestration.predicting import predict
    from irfer_bench.orchestration.results import Results, results
    from irfer_bench.orchestration.running import run

_HOMES = {
    "run": "running",
    "plan": "planning",
    "results": "results",
    "Results": "results",
    "load": "loading",
    "predict": "predicting",
}


def __getattr__(name: str) -> "Any":
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"irfer_bench.orchestration.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
