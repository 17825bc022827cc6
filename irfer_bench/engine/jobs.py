"""Carry out one job: plan its cell again, compare the key, build its steps; whatever is raised
becomes a result."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from irfer_bench.contracts.job import Job, JobResult
from irfer_bench.contracts.record import Outcome
from irfer_bench.errors import BenchError, RefusedError, UsageError
from irfer_bench.experiment.planner import Planner
from irfer_bench.experiment.request import Request

if TYPE_CHECKING:
    from irfer_bench.engine.runner import Reporter, Runner
    from irfer_bench.registry import Registry
    from irfer_bench.store.artefacts import Store


def attempt(key: str, build: Callable[[], None]) -> JobResult:
    """Call `build` and describe how it ended; only an interruption is raised."""
    started = time.monotonic()
    outcome: Outcome = "ok"
    message, code = "", 0
    try:
        build()
    except BenchError as error:
        outcome = "refused" if isinstance(error, RefusedError) else "failed"
        message, code = str(error), error.exit_code
        _trace(error)
    except MemoryError as error:
        outcome, message, code = "oom", "out of memory; use a smaller batch or preset", 1
        _trace(error)
    except (Exception, SystemExit) as error:  # noqa: BLE001  plugins may raise anything
        outcome, message, code = "failed", f"{type(error).__name__}: {error}".strip(), 1
        _trace(error)
    return JobResult(
        key=key,
        outcome=outcome,
        message=message,
        exit_code=code,
        seconds=round(time.monotonic() - started, 3),
    )


def _trace(error: BaseException) -> None:
    if os.environ.get("IRFER_BENCH_TRACEBACK"):
        traceback.print_exception(error)


def open_runner(
    registry: Registry,
    store: Store,
    weights: Path,
    reporter: Reporter,
    *,
    device: str,
    precision: str,
    threads: int,
    rebuild: Sequence[str] = (),
) -> Runner:
    """A runner for one device and one precision."""
    from irfer_bench.engine.runner import Runner

    return Runner(
        store, registry, weights, device, precision, reporter, frozenset(rebuild), threads
    )


@dataclass
class JobServer:
    """Carries out jobs in turn; loaded plugins and opened datasets are kept for the next job."""

    registry: Registry
    store: Store
    home: Path
    weights: Path
    reporter: Reporter
    _runners: dict[tuple[str, str, int], Runner] = field(default_factory=dict)
    _planner: Planner | None = None

    def carry_out(self, job: Job) -> JobResult:
        """Build the job's cell into the store."""
        runner: Runner | None = None

        def build() -> None:
            nonlocal runner
            runner = self._build(job)

        result = attempt(job.key, build)
        if runner is not None and runner.changed:
            changed = sorted(runner.changed)
            runner.changed.clear()
            result = msgspec.structs.replace(result, changed=changed)
        return result

    def _build(self, job: Job) -> Runner:
        try:
            request = msgspec.convert(job.request, Request)
        except msgspec.ValidationError as error:
            raise UsageError(f"the job's request is not understood: {error}") from None
        if self._planner is None:
            self._planner = Planner(self.registry, self.home, self.weights, scan=True)
        plan = self._planner.plan([request])
        if [planned.score.key for planned in plan.cells] != [job.key]:
            found = ", ".join(planned.score.key[:8] for planned in plan.cells)
            raise RefusedError(
                f"cell {job.key[:8]} is planned as {found} here",
                "data, weights or plugins of this process differ from the host's",
            )
        runner = self._runner(plan.device, plan.precision, job.resources.threads)
        with self.store.session():
            runner.artefact(plan.cells[0].score)
        return runner

    def _runner(self, device: str, precision: str, threads: int) -> Runner:
        wanted = device, precision, threads
        if wanted not in self._runners:
            self._runners[wanted] = open_runner(
                self.registry,
                self.store,
                self.weights,
                self.reporter,
                device=device,
                precision=precision,
                threads=threads,
            )
        return self._runners[wanted]
