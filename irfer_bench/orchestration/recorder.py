"""The recorder of a run: writes the record of each cell and informs observers."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from irfer_bench.contracts.job import JobResult
from irfer_bench.contracts.record import Record
from irfer_bench.engine.jobs import attempt
from irfer_bench.engine.results import describe_cell, make_failure, write_results
from irfer_bench.errors import BenchError, CellError
from irfer_bench.orchestration.execution import CellResult
from irfer_bench.orchestration.observers import tell_observers
from irfer_bench.orchestration.session import Session
from irfer_bench.store import records
from irfer_bench.store.files import clear_write_errors

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Runner
    from irfer_bench.experiment.graph import Cell
    from irfer_bench.experiment.plan import PlannedCell


@dataclass
class Recorder:
    """Writes records below a results folder.

    Args:
        out: the results folder.
        executor: its name, for messages.
        rebuilt: keys of cells whose existing record is replaced.
    """

    session: Session
    out: Path
    executor: str
    rebuilt: set[str] = field(default_factory=set)
    _started: set[str] = field(default_factory=set)

    def start(self, planned: PlannedCell, *, cached: bool = False) -> None:
        """Inform observers, once per cell, that it started."""
        if planned.score.key not in self._started:
            self._started.add(planned.score.key)
            self.observe("started", planned.cell, cached=cached)

    def observe(self, event: str, cell: Cell, **facts: Any) -> None:
        """Inform observers of an event of a cell."""
        tell_observers(self.session, event, msgspec.to_builtins(describe_cell(cell)), **facts)

    def write(
        self, planned: PlannedCell, result: JobResult, runner: Runner, *, cached: bool = False
    ) -> CellResult:
        """Write the record of a job's result and inform observers."""
        self.start(planned, cached=cached)
        runner.changed.update(result.changed)
        found: list[tuple[Record, Path]] = []
        if result.outcome == "ok":
            written = attempt(result.key, lambda: found.append(self._record(planned, runner)))
            result = msgspec.structs.replace(written, seconds=result.seconds, log=result.log)
        if result.outcome == "ok":
            record, path = found[0]
            done = CellResult(planned, "ok", "", 0, record, path, cached, result.log)
            self.observe("finished", planned.cell, record=record, cached=cached)
            return done
        message = result.message or f"{planned.cell}: {result.outcome}"
        failure = make_failure(planned, result.outcome, message, runner)
        place: Path | None = None
        with suppress(BenchError):  # a full disk: the user sees the first failure
            place = records.write_record(self.out, failure)
        event = "refused" if result.outcome == "refused" else "failed"
        self.observe(
            event,
            planned.cell,
            outcome=result.outcome,
            record=failure,
            message=message,
        )
        code = result.exit_code or 1
        return CellResult(planned, result.outcome, message, code, None, place, False, result.log)

    def _record(self, planned: PlannedCell, runner: Runner) -> tuple[Record, Path]:
        if self.session.store.get(planned.score.key) is None:
            raise CellError(
                f"{planned.cell}: executor {self.executor!r} reported it as done, but the "
                "store does not hold it",
                "executors must share the store (IRFER_BENCH_HOME)",
            )
        with self.session.store.session(), clear_write_errors(self.out):
            runner.artefact(planned.score)
            if planned.score.key in self.rebuilt:
                self._delete_record(planned)
            return write_results(runner, planned, self.out)

    def _delete_record(self, planned: PlannedCell) -> None:
        """Delete the record and predictions of artefacts that were rebuilt under the same key."""
        path = records.path_of(self.out, describe_cell(planned.cell), planned.score.key)
        for each in (path, self.out / "predictions" / path.relative_to(self.out / "records")):
            each.unlink(missing_ok=True)
