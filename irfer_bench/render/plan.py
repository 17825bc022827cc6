"""A plan as text for the terminal: a line per cell, or every step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from irfer_bench.render.escape import terminal
from irfer_bench.render.layout import columns, wrapped
from irfer_bench.render.numbers import duration
from irfer_bench.render.table import table

if TYPE_CHECKING:
    from irfer_bench.experiment.plan import PlannedCell
    from irfer_bench.orchestration.planning import RunPlan


def render_plan(made: RunPlan, width: int = 0, *, steps: bool = False) -> str:
    """One line per cell and the totals; with `steps` the steps of each cell instead."""
    width = width or columns()
    lines = [*(_steps(made, width) if steps else _cells(made, width))]
    for refusal in made.refusals:
        lines += wrapped(f"refused: {refusal}", width, rest="  ")
    for note in made.plan.notes:
        lines += wrapped(f"note: {note}", width, rest="  ")
    rest = f" and {made.unknown} steps nobody has timed here" if made.unknown else ""
    cells = f"{len(made.cells)} cell{'' if len(made.cells) == 1 else 's'}"
    cached = len({step.key for cell in made.cells for step in cell.score.walk()} - {*made.times})
    total = (
        f"{cells}: {len(made.times)} steps to do, {cached} cached, "
        f"about {duration(made.seconds)}{rest}"
    )
    return "\n".join([*lines, *wrapped(total, width)])


def _cells(made: RunPlan, width: int) -> Iterator[str]:
    """A table per setting; a step that several cells share counts for the first of them."""
    seen: set[str] = set()
    for setting in dict.fromkeys(planned.cell.row[0] for planned in made.cells):
        own = [planned for planned in made.cells if planned.cell.row[0] == setting]
        rows = [_cell(made, planned, seen) for planned in own]
        yield from wrapped(f"{setting}, preset {own[0].cell.translator.preset}", width)
        headers = ["translator", "recognizer", "fold", "seed", "to do", "time"]
        yield from table(headers, rows, width, right=(2, 3, 4, 5))
        yield ""


def _cell(made: RunPlan, planned: PlannedCell, seen: set[str]) -> list[str]:
    _, translator, recognizer = planned.cell.row
    own = {step.key for step in planned.score.walk()}
    todo = [key for key in own if key in made.times and key not in seen]
    seen |= own
    known = [seconds for key in todo if (seconds := made.times[key]) is not None]
    time = duration(sum(known)) if todo else "–"
    unknown = " + ?" if len(known) < len(todo) else ""
    cell = planned.cell
    return [
        translator, recognizer, str(cell.fold), str(cell.seed), f"{len(todo)} of {len(own)}",
        f"{time}{unknown}",
    ]  # fmt: skip


def _steps(made: RunPlan, width: int) -> Iterator[str]:
    for planned in made.cells:
        yield from wrapped(str(planned.cell), width)
        for step in made.steps_of(planned):
            key = step.key[:8]
            time = "" if step.seconds is None else f"about {duration(step.seconds)}"
            head = f"  {step.state:<7} {terminal(step.title):<36}"
            yield from wrapped(f"{key}  {time}".rstrip(), width, f"{head} ", " " * 12)
            for name, owner in step.parts.items():
                yield from wrapped(f"part {name} ({owner})", width, " " * 10)
