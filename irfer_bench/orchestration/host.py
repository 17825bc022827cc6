"""The host of a run: passes jobs to an executor and yields how each cell ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from irfer_bench.contracts.job import Executor, Job, JobResult, Resources
from irfer_bench.engine.jobs import attempt
from irfer_bench.errors import BenchError, CellError, UsageError
from irfer_bench.experiment.request import Request
from irfer_bench.orchestration.execution import CellResult, Execution
from irfer_bench.orchestration.recorder import Recorder
from irfer_bench.orchestration.session import Session, threads_per_worker
from irfer_bench.store.files import clear_write_errors

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Reporter, Runner
    from irfer_bench.experiment.graph import Step
    from irfer_bench.experiment.plan import Plan, PlannedCell

COMMAND = ("-P", "-m", "irfer_bench", "run-cell")


@dataclass
class RunHost:
    """The `irfer_bench.contracts.job.Host` of one plan.

    Args:
        rebuild: components whose steps are built again.
        cell_reporter: makes the reporter of one of several cells that run at the same time.
    """

    session: Session
    plan: Plan
    out: Path
    how: Execution
    threads: int = 0
    rebuild: Sequence[str] = ()
    cell_reporter: Callable[[str], Reporter] | None = None
    _cells: dict[str, PlannedCell] = field(default_factory=dict)
    _reporters: dict[str, Reporter] = field(default_factory=dict)
    _runner: Runner | None = None

    def __post_init__(self) -> None:
        self.threads = self.threads or threads_per_worker(self.how.workers)
        self._cells = {planned.score.key: planned for planned in self.plan.cells}
        self._recorder = Recorder(self.session, self.out, self.how.executor)

    @property
    def command(self) -> Sequence[str]:
        return (sys.executable, *COMMAND)

    @property
    def environment(self) -> Mapping[str, str]:
        path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
        numbers = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        return {"PYTHONPATH": path} | dict.fromkeys(numbers, str(self.threads))

    @property
    def workers(self) -> int:
        return self.how.workers

    @property
    def runner(self) -> Runner:
        """The runner of this process."""
        if self._runner is None:
            plan = self.plan
            self._runner = self.session.runner(
                plan.device, plan.precision, self.threads, self.rebuild
            )
        return self._runner

    def log(self, name: str) -> Path:
        folder = self.session.home / "logs"
        with clear_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"{name}.log"
            path.write_bytes(b"")
        return path

    def carry_out(self, job: Job) -> JobResult:
        self._recorder.start(self._cells[job.key])
        score = self._cells[job.key].score
        return attempt(job.key, lambda: _build(self.runner, score, self.out))

    def tell(self, job: Job, event: Mapping[str, Any]) -> None:
        self._recorder.start(self._cells[job.key])
        reporter = self._reporter(job.key)
        with suppress(KeyError, TypeError, ValueError):  # an executor may pass on invalid events
            kind = event["event"]
            if kind == "line":
                reporter.line(str(event["text"]))
            elif kind == "progress":
                note = str(event.get("note", ""))
                reporter.progress(str(event["name"]), int(event["done"]), int(event["total"]), note)
            elif kind == "step":
                reporter.step(self._step(job.key, event))
            elif kind == "built":
                seconds, built = float(event["seconds"]), bool(event["built"])
                reporter.finished(self._step(job.key, event), seconds, built)

    def set_aside(self) -> None:
        """Set aside the steps to be rebuilt.

        Raises:
            UsageError: no step of the run uses a name of `rebuild`.
        """
        if not self.rebuild:
            return
        from irfer_bench.engine.code_watch import affected

        for name in self.rebuild:
            wanted = frozenset({name})
            found = {
                key
                for key, planned in self._cells.items()
                if affected(self.session.registry, planned.score, wanted)
            }
            if not found:
                raise UsageError(f"--rebuild {name}: {name!r} takes no part in this run")
            self._recorder.rebuilt |= found
        for planned in self.plan.cells:
            self.runner.set_aside(planned.score)

    def results(self) -> Iterator[CellResult]:
        """Carry out the plan and yield how each cell ended; stored cells come first.

        Raises:
            BenchError: the executor cannot work, or left cells without a result.
        """
        for cell, reason in self.plan.refused:
            self._recorder.observe("refused", cell, outcome="refused", message=reason)
        waiting: dict[str, Job] = {}
        for key, planned in self._cells.items():
            if self.session.store.get(key) is None:
                waiting[key] = self.job(planned)
            else:
                yield self._write(planned, attempt(key, lambda: None), cached=True)
        if waiting:
            yield from self._launch(waiting)

    def _launch(self, waiting: dict[str, Job]) -> Iterator[CellResult]:
        name = self.how.executor
        launch: Executor = self.session.registry.load_hook(
            "irfer_bench_executors", "executor", name
        )
        results: Any = ()
        try:
            results = launch(list(waiting.values()), self)
            for result in results:
                if not isinstance(result, JobResult) or waiting.pop(result.key, None) is None:
                    raise CellError(f"executor {name!r} yielded {str(result)[:80]!r}, no result")
                yield self._write(self._cells[result.key], result)
        except BenchError:
            raise
        except (Exception, SystemExit) as error:
            kind = type(error).__name__
            raise CellError(f"executor {name!r} failed: {kind}: {error}".strip()) from error
        finally:
            close = getattr(results, "close", None)
            if close is not None:  # also ends the processes that the executor started
                close()
        if waiting:
            raise CellError(
                f"executor {name!r} ended with {len(waiting)} of {len(self._cells)} cells not done",
                "finished cells are kept, run again to go on",
            )

    def job(self, planned: PlannedCell) -> Job:
        """The job of a cell of the plan."""
        # Steps to rebuild were set aside once; a second time would discard what another job built.
        request: Request = msgspec.structs.replace(
            planned.request, threads=self.threads, rebuild=()
        )
        return Job(
            key=planned.score.key,
            request=msgspec.to_builtins(request),
            resources=Resources(
                threads=self.threads,
                device=self.plan.device,
                seconds=self.how.seconds,
                memory_mb=self.how.memory_mb,
            ),
        )

    def _write(self, planned: PlannedCell, result: JobResult, cached: bool = False) -> CellResult:
        self._reporters.pop(planned.score.key, None)
        return self._recorder.write(planned, result, self.runner, cached=cached)

    def _reporter(self, key: str) -> Reporter:
        if key not in self._reporters:
            reporter: Reporter = self.session.reporter
            if self.cell_reporter is not None and self.workers > 1 and len(self._cells) > 1:
                reporter = self.cell_reporter(str(self._cells[key].cell))
            self._reporters[key] = reporter
        return self._reporters[key]

    def _step(self, key: str, event: Mapping[str, Any]) -> Step:
        steps = {step.key: step for step in self._cells[key].score.walk()}
        return steps[event["key"]]


def _build(runner: Runner, score: Step, out: Path) -> None:
    with runner.store.session(), clear_write_errors(out):
        runner.artefact(score)
