"""`run`: plan, carry out, write boards and images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from irfer_bench.errors import BenchError, CellError, UsageError
from irfer_bench.experiment.ablation import read_ablation
from irfer_bench.experiment.estimate import Countdown
from irfer_bench.experiment.published import read_published
from irfer_bench.home import RESULTS
from irfer_bench.orchestration.planning import announce
from irfer_bench.orchestration.reporter import (
    PlainReporter,
    SilentReporter,
    open_reporter,
    quiet_stdout,
)
from irfer_bench.orchestration.request import Asked, make_requests
from irfer_bench.orchestration.session import Session
from irfer_bench.render.numbers import duration
from irfer_bench.store.files import require_writable

if TYPE_CHECKING:
    from irfer_bench.contracts.published import Published
    from irfer_bench.experiment.ablation import Ablation
    from irfer_bench.experiment.plan import Plan
    from irfer_bench.experiment.request import Request
    from irfer_bench.orchestration.execution import CellResult, Execution
    from irfer_bench.orchestration.results import Results


@dataclass
class Finished:
    """The outcome of a run.

    Args:
        cells: in the order asked for. written: boards and images.
        error: why the run ended before all cells did.
    """

    plan: Plan
    cells: list[CellResult] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    error: BenchError | None = None

    @property
    def exit_code(self) -> int:
        """0 where every cell has a result; else of the failures, 1 where they differ."""
        codes = {cell.exit_code for cell in self.cells if cell.exit_code} | self.plan.lacking
        if self.error is not None:
            codes.add(self.error.exit_code or 1)
        if not codes:
            return 2 if self.plan.refusals else 0
        return codes.pop() if len(codes) == 1 else 1


def run(
    *,
    out: str | Path = RESULTS,
    executor: str = "inline",
    workers: int = 0,
    limit_seconds: float = 0.0,
    limit_memory_mb: float = 0.0,
    allow_faces: Sequence[str] = (),
    progress: bool = True,
    **asked: Unpack[Asked],
) -> Results:
    """Run experiments and return their records; finished steps are reused.

    `run(setting="synth_nir_quality", translators=["identity", "histmatch"])` is what
    `irfer-bench run -s synth_nir_quality -t identity -t histmatch` does.

    Args:
        out: results folder: records, predictions, boards and images.
        executor: `inline`, or `local` for `workers` child processes with limits on each cell's
            wall clock and memory.
        allow_faces: datasets whose images of people may be written, into a local folder.
        progress: whether steps are shown on standard error.
        asked: the cells, by the names of `irfer_bench.orchestration.request.Asked`.

    Raises:
        UsageError: a wrong name or value. MissingError: data or weights are not here.
        CellError: no cell has a result. Where some have, the others are in `Results.failures`.
    """
    from irfer_bench.orchestration.results import Results, merged

    requests = make_requests(asked)
    suite = asked.get("suite", "")
    how = make_execution(executor, workers, limit_seconds, limit_memory_mb)
    reporter: PlainReporter = open_reporter() if progress else SilentReporter()
    try:
        with quiet_stdout():
            session = Session.open(reporter)
            finished = carry_out(
                session, requests, Path(out), how, allow_faces, reporter.for_cell, suite
            )
    finally:
        reporter.close()
    done = [cell for cell in finished.cells if cell.record is not None]
    if finished.error is not None:
        raise finished.error
    if not done:
        raise CellError(finished.cells[0].message if finished.cells else "no cell was done")
    return merged(Results(Path(out)), finished)


def make_execution(
    executor: str, workers: int = 0, seconds: float = 0.0, memory_mb: float = 0.0
) -> Execution:
    """The settings of an execution; 0 workers means 2 where the executor starts processes.

    Raises:
        UsageError: a number is below 0 or not finite.
    """
    from irfer_bench.orchestration.execution import Execution

    for name, value in (("workers", workers), ("seconds", seconds), ("memory-mb", memory_mb)):
        if not 0 <= value < inf:
            raise UsageError(f"{value} {name}: a number from 0 is needed")
    count = workers or (1 if executor == "inline" else 2)
    return Execution(executor=executor, workers=count, seconds=seconds, memory_mb=memory_mb)


def look(session: Session, out: Path, executor: str, allow_faces: Sequence[str] = ()) -> None:
    """Raise where results could not be written, or nobody could carry the cells out.

    Raises:
        UsageError: no such executor or dataset. MissingError: the executor cannot be loaded.
        DamagedError: `out` is no folder to write into.
    """
    session.registry.load_hook("irfer_bench_executors", "executor", executor)
    for name in allow_faces:
        session.registry.get("dataset", name)
    require_writable(out)


def carry_out(
    session: Session,
    requests: Sequence[Request],
    out: Path,
    how: Execution,
    allow_faces: Sequence[str] = (),
    cell_reporter: Callable[[str], Any] | None = None,
    suite: str | Path = "",
) -> Finished:
    """Carry out all requests as one plan.

    Args:
        suite: the file they come from; published values and a comparison of rows that it names
            are shown on pages.

    Raises:
        BenchError: nothing could be started. Later failures are in the returned value.
    """
    from irfer_bench.orchestration.host import RunHost

    published, ablation = read_published(suite), read_ablation(suite)
    look(session, out, how.executor, allow_faces)
    plan = session.plan(requests, executor=how.executor)
    threads = max(request.threads for request in requests)
    rebuild = sorted({name for request in requests for name in request.rebuild})
    host = RunHost(session, plan, out, how, threads, rebuild, cell_reporter)
    host.set_aside()
    needed = list(plan.needed(session.store))
    announce(plan, needed, session)
    finished = Finished(plan)
    try:
        _collect(host, finished, Countdown(needed, session.store))
    except BenchError as error:
        finished.error = error
    for title in sorted(host.runner.changed):
        session.reporter.line(
            f"source changed: {title} was built by other code of the same version"
        )
    order = {planned.score.key: place for place, planned in enumerate(plan.cells)}
    finished.cells.sort(key=lambda cell: order[cell.planned.score.key])
    finished.written = _write_boards(finished, out)
    finished.written += _write_suite_pages(
        published, ablation, Path(suite).stem, finished, session, out
    )
    finished.written += _draw(finished, session, out, allow_faces)
    return finished


def _collect(host: Any, finished: Finished, countdown: Countdown) -> None:
    cells, reporter = finished.plan.cells, host.session.reporter
    with closing(host.results()) as results:
        for result in results:
            finished.cells.append(result)
            if result.outcome != "ok" and len(cells) > 1:
                what = "" if result.outcome == "failed" else f"{result.outcome}: "
                reporter.line(f"irfer-bench: {result.planned.cell}: {what}{result.message}")
            countdown.finish(result.planned.score.walk())
            if len(cells) > 1:
                left = duration(countdown.seconds() / host.workers)
                reporter.line(f"{len(finished.cells)} of {len(cells)} cells, about {left} left")


def _write_boards(finished: Finished, out: Path) -> list[Path]:
    from irfer_bench.engine.boards import write_boards

    settings = {cell.record.row[0] for cell in finished.cells if cell.record is not None}
    return write_boards(out, sorted(settings)) if settings else []


def _write_suite_pages(
    published: Published | None,
    ablation: Ablation | None,
    suite: str,
    finished: Finished,
    session: Session,
    out: Path,
) -> list[Path]:
    from irfer_bench.orchestration.suite_pages import write_ablation, write_published

    written: list[Path] = []
    if published is not None:
        written += write_published(published, suite, finished, session, out)
    if ablation is not None:
        written += write_ablation(ablation, suite, finished, session, out)
    return written


def _draw(
    finished: Finished, session: Session, out: Path, allow_faces: Sequence[str]
) -> list[Path]:
    from irfer_bench.render.images import draw_cell, figures_wanted

    written: list[Path] = []
    if not figures_wanted(len(finished.cells), allow_faces):
        return written
    for cell in finished.cells:
        if cell.record is None:
            continue
        try:
            written += draw_cell(
                cell.planned, cell.record, session.registry, session.store, out, allow_faces
            )
        except BenchError as error:
            session.reporter.line(f"no image: {error}")
    return written
