"""`plan`: cells and steps of a run, which are stored, and the estimated time of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Unpack

from irfer_bench.experiment.estimate import estimate, known_times
from irfer_bench.orchestration.reporter import SilentReporter
from irfer_bench.orchestration.request import Asked, make_requests
from irfer_bench.orchestration.session import Session
from irfer_bench.render.escape import web
from irfer_bench.render.numbers import duration
from irfer_bench.render.plan import render_plan

if TYPE_CHECKING:
    import pandas as pd

    from irfer_bench.experiment.graph import Step
    from irfer_bench.experiment.plan import Plan, PlannedCell
    from irfer_bench.experiment.request import Request


@dataclass(frozen=True)
class PlannedStep:
    """A step of a plan.

    Args:
        seconds: estimate, None without a measured time.
        parts: shared parts that a fit may build: name to owner.
    """

    kind: str
    title: str
    key: str
    state: Literal["build", "cached"]
    seconds: float | None
    parts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunPlan:
    """The cells and steps of a run, not carried out.

    Args:
        cells: one per record. refusals: refused combinations, each with the reason.
    """

    plan: Plan = field(repr=False)
    times: dict[str, float | None] = field(repr=False)

    @property
    def cells(self) -> list[PlannedCell]:
        return self.plan.cells

    @property
    def refusals(self) -> list[str]:
        return self.plan.refusals

    @property
    def steps(self) -> list[PlannedStep]:
        """Every step once, in the order of the cells."""
        known: dict[str, PlannedStep] = {}
        for planned in self.cells:
            for step in planned.score.walk():
                if step.key not in known:
                    known[step.key] = self._step(step)
        return list(known.values())

    def steps_of(self, planned: PlannedCell) -> list[PlannedStep]:
        """The steps of one cell, inputs first."""
        return [self._step(step) for step in planned.score.walk()]

    @property
    def seconds(self) -> float:
        """Sum of the estimates of steps with a measured time."""
        return sum(value or 0 for value in self.times.values())

    @property
    def unknown(self) -> int:
        """Number of missing steps without an estimate."""
        return sum(value is None for value in self.times.values())

    def to_dataframe(self) -> pd.DataFrame:
        """One row per cell and step."""
        from irfer_bench.orchestration.tables import dataframe

        return dataframe(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        rows = []
        for planned in self.cells:
            setting, translator, recognizer = planned.cell.row
            cell = {
                "setting": setting,
                "translator": translator,
                "recognizer": recognizer,
                "fold": planned.cell.fold,
                "seed": planned.cell.seed,
            }
            for step in self.steps_of(planned):
                rows.append(cell | asdict(step))
        return rows

    def _step(self, step: Step) -> PlannedStep:
        state: Literal["build", "cached"] = "build" if step.key in self.times else "cached"
        seconds = self.times.get(step.key)
        return PlannedStep(step.kind, step.title, step.key, state, seconds, step.parts)

    def __str__(self) -> str:
        return render_plan(self)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<pre>{web_lines(str(self))}</pre>"


def web_lines(text: str) -> str:
    """Lines of text as HTML."""
    return "\n".join(web(line) for line in text.splitlines())


def plan(**asked: Unpack[Asked]) -> RunPlan:
    """The plan of `run` with the same arguments, after the same look at all that it needs.

    Nothing is built; a dataset's folder is read where it changed.

    Raises:
        UsageError: a wrong name or value, or every combination was refused.
        MissingError: data, weights, a package, a device or a plugin is not here.
        DamagedError: data are damaged, or the disk is too small.
    """
    return preview(Session.open(SilentReporter()), make_requests(asked))


def preview(session: Session, requests: Sequence[Request], executor: str = "inline") -> RunPlan:
    """The plan of some requests, with stored steps and estimated times."""
    made = session.plan(requests, executor=executor)
    times = known_times(session.store)
    needed = {step.key: step for step in made.needed(session.store)}
    rebuild = frozenset(name for request in requests for name in request.rebuild)
    if rebuild:
        from irfer_bench.engine.code_watch import affected

        for planned in made.cells:
            needed |= {s.key: s for s in affected(session.registry, planned.score, rebuild)}
    return RunPlan(made, {key: estimate(times, step) for key, step in needed.items()})


def announce(plan: Plan, needed: Sequence[Step], session: Session) -> None:
    """Report in a few lines which steps will be built."""
    say = session.reporter.line
    past = known_times(session.store)
    times = [estimate(past, step) for step in needed]
    known, unknown = sum(t or 0 for t in times), sum(t is None for t in times)
    for planned in plan.cells[:6]:
        say(str(planned.cell))
    if len(plan.cells) > 6:
        say(f"… and {len(plan.cells) - 6} more cells")
    for refusal in plan.refusals:
        say(f"refused: {refusal}")
    for note in plan.notes:
        say(f"note: {note}")
    total = len({step.key for planned in plan.cells for step in planned.score.walk()})
    text = f"{total} steps, {total - len(needed)} cached"
    if needed:
        text += f"; {len(needed)} to do, about {duration(known)}"
        text += f" and {unknown} that nobody has timed here" if unknown else ""
        text += f", on {plan.device} in {plan.precision}"
    say(text)
    if len(plan.cells) == 1:
        done = {step.key for step in needed}
        for step, seconds in zip(needed, times, strict=True):
            about = "not timed yet" if seconds is None else f"about {duration(seconds)}"
            say(f"  to do   {step.title} ({about})")
        for step in plan.cells[0].score.walk():
            if step.key not in done and needed:
                say(f"  cached  {step.title}")
