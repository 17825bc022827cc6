"""One module's mutants against its tests."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.mutation.mutants import Mutant, statement_lines
from tests.mutation.observer import Guide, Measured, PlainHypothesis, Recorder, imported
from tests.mutation.warm import Ended, change, import_ahead, in_fork, isolate

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


Tell: TypeAlias = Callable[[Target, Verdict], None]
"""Hears every verdict."""


def own(name: str) -> bool:
    """Whether a module is this repository's."""
    return name.startswith(("irfer_", "tests")) or name == "conftest"


def run_pytest(tests: Sequence[str], scratch: Path, *plugins: object) -> int:
    """pytest's exit code for some test files."""
    isolate(scratch)
    words = [*ALWAYS, f"--basetemp={scratch / 'base'}", *tests]
    return int(pytest.main(words, plugins=[PlainHypothesis(), *plugins]))


def measure(tests: Sequence[str], files: Sequence[Path]) -> Measured:
    """What tests do while nothing is changed; raises `NotGreenError`."""

    def work(scratch: Path) -> dict[str, object]:
        before = dict(sys.modules)
        recorder = Recorder(files)
        begun = time.monotonic()
        recorder.start()
        code = run_pytest(tests, scratch, recorder)
        sys.settrace(None)
        sys.stdout.flush()
        said = (scratch / "out").read_text("utf-8", errors="replace")[-2000:]
        found = recorder.measured(imported(before), time.monotonic() - begun)
        return {"code": code, "said": said, "measured": asdict(found)}

    ended = in_fork(work, wall=3600, heap=None)
    if ended.why or ended.answer["code"]:
        said = ended.answer["said"] if ended.answer else ended.why
        raise NotGreenError(f"the tests fail without a change:\n{said}")
    return Measured(**ended.answer["measured"])


def judge(target: Target, measured: Measured, mutant: Mutant, budget: float) -> Verdict:
    """Run the tests against one mutant, which is imported anew."""
    lines = statement_lines(target.file.read_text("utf-8"), mutant.line)
    guide = Guide(measured, target.file, lines, budget)

    def work(scratch: Path) -> tuple[int, str]:
        change(target.name, target.file, mutant.source, scratch)
        return run_pytest(guide.files, scratch, guide), guide.noticed_by

    return verdict_of(mutant, guide, in_fork(work, wall=4 * measured.wall + 60))


def verdict_of(mutant: Mutant, guide: Guide, ended: Ended) -> Verdict:
    """What a fork's pytest says of a mutant."""
    code, by = ended.answer if ended.answer else (1, ended.why)
    noticed_by = by or f"pytest exit {code}" if code else ""
    return Verdict(mutant, code != 0, noticed_by, guide.reached, ended.seconds)


def judge_anew(
    target: Target, measured: Measured, mutants: Sequence[Mutant], budget: float, tell: Tell
) -> None:
    """Import ahead what does not need the module, then try each mutant by a new import.

    The caller is a process of its own for this module, since what was imported for one stays.
    """
    import_ahead([name for name in measured.modules if name.startswith("irfer_")], [target.name])
    require_green(target, judge(target, measured, unchanged(target), budget))
    for mutant in mutants:
        tell(target, judge(target, measured, mutant, budget))


def unchanged(target: Target) -> Mutant:
    """No fault at all: the tests have to pass with it."""
    return Mutant("", 0, 1, target.file.read_text("utf-8"), "")


def require_green(target: Target, verdict: Verdict) -> None:
    """Raises `NotGreenError` where the tests fail with the module as it is."""
    if verdict.noticed:
        raise NotGreenError(f"{target.name}: tests fail in a fork, unchanged: {verdict.by}")


def import_libraries(measured: Measured, targets: Iterable[Target]) -> None:
    """What is no part of this repository, once for all modules."""
    names = [name for name in measured.modules if not own(name)]
    import_ahead(names, [target.name for target in targets])
