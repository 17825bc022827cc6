"""Reporting of a run: live progress bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

from irfer_bench.render.escape import terminal
from irfer_bench.render.numbers import clock, duration

if TYPE_CHECKING:
    from irfer_bench.experiment.graph import Step

EVERY = 10.0
"""Seconds between two plain progress lines."""
ENOUGH = 0.03
"""Share of a loop from which on the time left is estimated."""


def tell_times(elapsed: float, done: float, total: float | None) -> str:
    """`elapsed 0:07, about 0:35 left`; of the first three percent nothing can be concluded."""
    text = f"elapsed {clock(elapsed)}"
    if not total or done < ENOUGH * total:
        return text
    return f"{text}, about {clock(elapsed / done * max(total - done, 0))} left"


class PlainReporter:
    """One line per event on standard error."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._loops: dict[str, float] = {}
        self._printed = 0.0

    def step(self, step: Step) -> None:
        self.line(f"  {step.title} …")
        self._loops.clear()
        self._printed = time.monotonic()

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        begun = self._loops.setdefault(name, now)
        if now - self._printed >= EVERY and done < total:
            self._printed = now
            text = " ".join(filter(None, (f"    {name} {done}/{total}", note)))
            self.line(f"{text}, {tell_times(now - begun, done, total)}")

    def finished(self, step: Step, seconds: float, built: bool) -> None:
        self.line(f"  {step.title}: {duration(seconds)}{'' if built else ' (by another run)'}")

    def line(self, text: str) -> None:
        with suppress(OSError):  # a run does not stop where its progress cannot be printed
            sys.stderr.write(f"{terminal(text)}\n")
            sys.stderr.flush()

    def for_cell(self, title: str) -> PlainReporter:
        """A reporter for one of several cells that run at the same time."""
        return CellReporter(self, title)

    def close(self) -> None:
        """Nothing to close."""


class CellReporter(PlainReporter):
    """Prefixes each line with the name of a cell."""

    def __init__(self, whole: PlainReporter, title: str) -> None:
        super().__init__()
        self._whole, self._name = whole, title

    def line(self, text: str) -> None:
        self._whole.line(f"{self._name}: {text.strip()}")


class SilentReporter(PlainReporter):
    """Prints nothing."""

    def line(self, text: str) -> None:
        pass


class LiveReporter(PlainReporter):
    """Progress bars with the time elapsed and left, one per running loop."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            ProgressColumn,
            TextColumn,
        )
        from rich.table import Column
        from rich.text import Text

        class Times(ProgressColumn):
            """Count, elapsed and left."""

            def render(self, task: Any) -> Text:
                done, total = task.completed, task.total
                count = f"{done:.0f}/{total:.0f} " if total else ""
                return Text(f"{count}{tell_times(task.elapsed or 0.0, done, total)}")

        self._console = Console(stderr=True, highlight=False)
        whole = Column(no_wrap=True)
        bar = [BarColumn(24)] if self._console.width >= 100 else []
        self._bars = Progress(
            TextColumn(
                "  {task.description}", markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            *bar,
            Times(table_column=whole),
            console=self._console,
            transient=True,
            expand=True,
        )  # fmt: skip
        self._tasks: dict[str, Any] = {}
        self._title = ""
        self._bars.start()

    def step(self, step: Step) -> None:
        self._clear()
        self._title = step.title
        self._tasks[""] = self._bars.add_task(terminal(step.title), total=None)

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        if name not in self._tasks:
            self._drop("")
            self._tasks[name] = self._bars.add_task(terminal(f"{self._title}: {name}"), total=total)
        self._bars.update(self._tasks[name], completed=done, total=total)
        if done >= total:
            self._drop(name)

    def finished(self, step: Step, seconds: float, built: bool) -> None:
        self._clear()
        super().finished(step, seconds, built)

    def line(self, text: str) -> None:
        self._console.print(terminal(text), markup=False)

    def close(self) -> None:
        """Remove the bars from the terminal."""
        self._clear()
        self._bars.stop()

    def _drop(self, name: str) -> None:
        if name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))

    def _clear(self) -> None:
        for name in list(self._tasks):
            self._drop(name)


@contextmanager
def quiet_stdout() -> Iterator[None]:
    """Send what libraries print to standard error: standard output is for the result alone."""
    sys.stdout.flush()
    with redirect_stdout(sys.stderr):
        try:
            kept = os.dup(1)
        except OSError:  # closed by whoever started us
            yield
            return
        try:
            os.dup2(2, 1)
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def open_reporter() -> PlainReporter:
    """Bars on a terminal, lines elsewhere."""
    return LiveReporter() if sys.stderr.isatty() else PlainReporter()
