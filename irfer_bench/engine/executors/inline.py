"""Carry out a plan in this process, cell after cell; one failing cell stops no other."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from irfer_bench.engine.results import write_results
from irfer_bench.engine.runner import Runner
from irfer_bench.errors import BenchError, CellError
from irfer_bench.experiment.planner import Plan, PlannedCell
from irfer_bench.store.files import clear_write_errors
from irfer_bench.store.records import Record


@dataclass(frozen=True)
class Outcome:
    """A cell's record and where it lies, or why there is none."""

    planned: PlannedCell
    record: Record | None = None
    path: Path | None = None
    error: BenchError | None = None


def execute(plan: Plan, runner: Runner, out: Path) -> Iterator[Outcome]:
    """Yield an outcome per cell as soon as it is known."""
    for planned in plan.cells:
        try:
            with runner.store.session(), clear_write_errors(out):
                runner.artefact(planned.score)
                record, path = write_results(runner, planned, out)
        except BenchError as error:
            if os.environ.get("IRFER_BENCH_TRACEBACK"):
                traceback.print_exception(error)
            yield Outcome(planned, error=error)
        except MemoryError:
            yield Outcome(
                planned,
                error=CellError(f"{planned.cell}: out of memory", "use a smaller batch or preset"),
            )
        else:
            _tell_observers(runner, record)
            yield Outcome(planned, record, path)


def _tell_observers(runner: Runner, record: Record) -> None:
    given = {"record": record}
    for observer in runner.registry.manager.hook.irfer_bench_cell_finished.get_hookimpls():
        try:
            observer.function(*(given[name] for name in observer.argnames))
        except Exception as error:  # noqa: BLE001  an observer may raise anything
            name, kind = observer.plugin_name, type(error).__name__
            runner.reporter.line(f"observer {name} failed: {kind}: {error}")
