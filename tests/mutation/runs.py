"""One module's mutants against its tests."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant, statement_lines
from tests.mutation.observer import Guide, Measured, PlainHypothesis, Recorder, imported
from tests.mutation.warm import change, import_ahead, in_fork, isolate

ROOT = Path(__file__).parents[2]
ALWAYS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--tb=no")


class NotGreenError(Exception):
    """The tests fail although nothing is changed."""


@dataclass(frozen=True)
class Target:
    """A module, its file, and the tests that concern it (paths from the root)."""

    name: str
    file: Path
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Args:
        noticed: whether a test failed or was ended.
        by: that test, or the reason why the run was ended.
        reached: whether any test runs the changed line.
    """

    mutant: Mutant
    noticed: bool
    by: str
    reached: bool
    seconds: float


def own(name: str) -> bool:
    """Whether a module is this repository's."""
    return name.startswith(("irfer_", "tests")) or name == "conftest"


def run_pytest(target: Target, scratch: Path, *plugins: object) -> int:
    """pytest's exit code for the module's tests."""
    isolate(scratch)
    words = [*ALWAYS, f"--basetemp={scratch / 'base'}", *target.tests]
    return int(pytest.main(words, plugins=[PlainHypothesis(), *plugins]))


def measure(target: Target) -> Measured:
    """What the tests do while nothing is changed; raises `NotGreenError`."""

    def work(scratch: Path) -> dict[str, object]:
        before = dict(sys.modules)
        recorder = Recorder(str(target.file))
        begun = time.monotonic()
        recorder.start()
        code = run_pytest(target, scratch, recorder)
        sys.settrace(None)
        sys.stdout.flush()
        said = (scratch / "out").read_text("utf-8", errors="replace")[-2000:]
        used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {"code": code, "said": said} | asdict(
            Measured(
                recorder.seconds,
                {name: sorted(lines) for name, lines in recorder.reached.items()},
                sorted(recorder.shared),
                imported(before),
                sum(use.ru_utime + use.ru_stime for use in used),
                time.monotonic() - begun,
            )
        )

    ended = in_fork(work, wall=1800, heap=None)
    if ended.why or ended.answer.pop("code"):
        said = ended.answer["said"] if ended.answer else ended.why
        raise NotGreenError(f"{target.name}: its tests fail without a change:\n{said}")
    ended.answer.pop("said")
    return Measured(**ended.answer)


def judge(target: Target, measured: Measured, mutant: Mutant) -> Verdict:
    """Run the tests against one mutant."""
    lines = statement_lines(target.file.read_text("utf-8"), mutant.line)
    reached = bool(Guide(measured, lines).reaching)

    def work(scratch: Path) -> tuple[int, str]:
        change(target.name, target.file, mutant.source, scratch)
        guide = Guide(measured, lines)
        return run_pytest(target, scratch, guide), guide.noticed_by

    ended = in_fork(work, wall=4 * measured.wall + 60)
    code, by = ended.answer if ended.answer else (1, ended.why)
    return Verdict(mutant, code != 0, by or f"pytest exit {code}", reached, ended.seconds)


def judge_all(target: Target, mutants: Sequence[Mutant], tell: Callable[[Verdict], None]) -> None:
    """Measure, import ahead, and try each mutant; `tell` hears every verdict.

    The caller is a process of its own for this module, since what was imported for one stays.
    Raises `NotGreenError` where the tests fail without a change.
    """
    measured = measure(target)
    os.chdir(ROOT)
    import_ahead([name for name in measured.modules if not own(name)], target.name)
    import_ahead([name for name in measured.modules if name.startswith("irfer_")], target.name)
    source = target.file.read_text("utf-8")
    unchanged = judge(target, measured, Mutant("", 0, 1, source, ""))
    if unchanged.noticed:
        raise NotGreenError(f"{target.name}: tests fail in a fork, unchanged: {unchanged.by}")
    for mutant in mutants:
        tell(judge(target, measured, mutant))
