"""The host of a run: hands jobs to an executor, writes records, tells observers."""

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
from irfer_bench.contracts.record import Outcome, Record
from irfer_bench.engine.jobs import attempt
from irfer_bench.engine.results import describe_cell, make_failure, write_results
from irfer_bench.errors import BenchError, CellError, UsageError
from irfer_bench.experiment.request import Request
from irfer_bench.library.observers import tell_observers
from irfer_bench.library.session import Session, threads_per_worker
from irfer_bench.store import records
from irfer_bench.store.files import clear_write_errors

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Reporter, Runner
    from irfer_bench.experiment.graph import Step
    from irfer_bench.experiment.planner import Plan, PlannedCell

COMMAND = ("-P", "-m", "irfer_bench", "run-cell")


@dataclass(frozen=True)
class CellResult:
    """How a cell of a run ended, and its record.

    Args:
        record: of a result, else None. path: of the record, also of a failure's.
        cached: nothing was built for it. exit_code: 0 where it is `ok`.
    """

    planned: PlannedCell
    outcome: Outcome
    message: str = ""
    exit_code: int = 0
    record: Record | None = None
    path: Path | None = None
    cached: bool = False
    log: str = ""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How cells are carried out.

    Args:
        executor: its name. workers: jobs at once, where the executor can.
        seconds, memory_mb: limits on one cell; 0 means none.
    """

    executor: str = "inline"
    workers: int = 1
    seconds: float = 0.0
    memory_mb: float = 0.0


@dataclass
class RunHost:
    """What executors are given (`irfer_bench.contracts.job.Host`), over one plan.

    Args:
        rebuild: components whose steps are built again.
        lane: a reporter for the steps of one cell among several that run at once.
    """

    session: Session
    plan: Plan
    out: Path
    how: Execution
    threads: int = 0
    rebuild: Sequence[str] = ()
    lane: Callable[[str], Reporter] | None = None
    _cells: dict[str, PlannedCell] = field(default_factory=dict)
    _lanes: dict[str, Reporter] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _rebuilt: set[str] = field(default_factory=set)
    _runner: Runner | None = None

    def __post_init__(self) -> None:
        self.threads = self.threads or threads_per_worker(self.how.workers)
        self._cells = {planned.score.key: planned for planned in self.plan.cells}

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
        """What builds steps in this process and finds their artefacts."""
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
        self._begin(job.key)
        score = self._cells[job.key].score
        return attempt(job.key, lambda: _build(self.runner, score, self.out))

    def tell(self, job: Job, event: Mapping[str, Any]) -> None:
        self._begin(job.key)
        reporter = self._lane(job.key)
        with suppress(KeyError, TypeError, ValueError):  # an executor's events are not ours
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
        """Set aside what is to be rebuilt.

        Raises:
            UsageError: a name of `rebuild` takes no part.
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
            self._rebuilt |= found
        for planned in self.plan.cells:
            self.runner.set_aside(planned.score)

    def results(self) -> Iterator[CellResult]:
        """Carry out the plan and yield how each cell ended; what is in the store comes first.

        Raises:
            BenchError: the executor cannot work, or left cells without a result.
        """
        for cell, reason in self.plan.refused:
            self._observe("refused", describe_cell(cell), outcome="refused", message=reason)
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
        answers: Any = ()
        try:
            answers = launch(list(waiting.values()), self)
            for result in answers:
                if not isinstance(result, JobResult) or waiting.pop(result.key, None) is None:
                    raise CellError(f"executor {name!r} answered {str(result)[:80]!r}, no result")
                yield self._write(self._cells[result.key], result)
        except BenchError:
            raise
        except (Exception, SystemExit) as error:
            kind = type(error).__name__
            raise CellError(f"executor {name!r} died: {kind}: {error}".strip()) from error
        finally:
            close = getattr(answers, "close", None)
            if close is not None:  # what it started ends now, whatever ended us
                close()
        if waiting:
            raise CellError(
                f"executor {name!r} ended with {len(waiting)} of {len(self._cells)} cells not done",
                "finished cells are kept, run again to go on",
            )

    def job(self, planned: PlannedCell) -> Job:
        """A cell of the plan as an executor is given it."""
        # What is to be rebuilt was set aside once; a job that did it again would undo another's.
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

    def _write(
        self, planned: PlannedCell, result: JobResult, *, cached: bool = False
    ) -> CellResult:
        """Turn a job's result into a record, and tell observers."""
        self._begin(planned.score.key, cached=cached)
        self._lanes.pop(planned.score.key, None)
        self.runner.changed.update(result.changed)
        found: list[tuple[Record, Path]] = []
        if result.outcome == "ok":
            written = attempt(result.key, lambda: found.append(self._record(planned)))
            result = _since(result, written)
        if result.outcome == "ok":
            record, path = found[0]
            done = CellResult(planned, "ok", "", 0, record, path, cached, result.log)
            self._observe("finished", describe_cell(planned.cell), record=record, cached=cached)
            return done
        message = f"{result.message}" or f"{planned.cell}: {result.outcome}"
        failure = make_failure(planned, result.outcome, message, self.runner)
        place: Path | None = None
        with suppress(BenchError):  # a full disk: the user sees the first failure
            place = records.write_record(self.out, failure)
        event = "refused" if result.outcome == "refused" else "failed"
        self._observe(
            event,
            describe_cell(planned.cell),
            outcome=result.outcome,
            record=failure,
            message=message,
        )
        code = result.exit_code or 1
        return CellResult(planned, result.outcome, message, code, None, place, False, result.log)

    def _record(self, planned: PlannedCell) -> tuple[Record, Path]:
        if self.session.store.get(planned.score.key) is None:
            raise CellError(
                f"{planned.cell}: executor {self.how.executor!r} says it is done, and the store "
                "does not hold it",
                "executors must share the store (IRFER_BENCH_HOME)",
            )
        with self.session.store.session(), clear_write_errors(self.out):
            self.runner.artefact(planned.score)
            if planned.score.key in self._rebuilt:
                self._forget(planned)
            return write_results(self.runner, planned, self.out)

    def _forget(self, planned: PlannedCell) -> None:
        """Delete the record of the artefacts that were built anew under the same keys."""
        path = records.path_of(self.out, describe_cell(planned.cell), planned.score.key)
        for each in (path, self.out / "predictions" / path.relative_to(self.out / "records")):
            each.unlink(missing_ok=True)

    def _begin(self, key: str, *, cached: bool = False) -> None:
        if key not in self._begun:
            self._begun.add(key)
            self._observe("started", describe_cell(self._cells[key].cell), cached=cached)

    def _observe(self, event: str, cell: Any, **facts: Any) -> None:
        tell_observers(self.session, event, msgspec.to_builtins(cell), **facts)

    def _lane(self, key: str) -> Reporter:
        if key not in self._lanes:
            title = str(self._cells[key].cell)
            alone = self.lane is None or self.workers < 2 or len(self._cells) < 2
            self._lanes[key] = self.session.reporter if alone else self.lane(title)  # type: ignore[misc]
        return self._lanes[key]

    def _step(self, key: str, event: Mapping[str, Any]) -> Step:
        steps = {step.key: step for step in self._cells[key].score.walk()}
        return steps[event["key"]]


def _build(runner: Runner, score: Step, out: Path) -> None:
    with runner.store.session(), clear_write_errors(out):
        runner.artefact(score)


def _since(first: JobResult, then: JobResult) -> JobResult:
    """The second result, with what is known of the first."""
    return msgspec.structs.replace(then, seconds=first.seconds, log=first.log)
