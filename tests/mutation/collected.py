"""Mutants of functions' bodies: forks of one pytest that has imported and collected everything."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant, statement_lines
from tests.mutation.observer import Guide, Measured, PlainHypothesis
from tests.mutation.runs import (
    ALWAYS,
    NotGreenError,
    Target,
    Tell,
    Verdict,
    require_green,
    unchanged,
    verdict_of,
)
from tests.mutation.swapped import Swaps, live_functions, swaps
from tests.mutation.warm import change, in_fork, isolate

Plan = Mapping[Target, Sequence[Mutant]]


class Forks:
    """Takes the place of pytest's loop over the tests: one fork per mutant runs some of them."""

    def __init__(self, plan: Plan, measured: Measured, budget: float, tell: Tell) -> None:
        self.plan, self.measured, self.budget, self.tell = plan, measured, budget, tell
        self.green: set[Target] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise NotGreenError("the tests cannot be collected")
        live = live_functions([target.file for target in self.plan])
        for target, mutants in self.plan.items():
            source = target.file.read_text("utf-8")
            known = live[str(target.file)]
            for mutant in mutants:
                found = swaps(target.file, source, mutant.source, known)
                if found:
                    self.judge_first(session, target)
                    self.tell(target, self.judge(session, target, mutant, found))
        return True

    def judge_first(self, session: pytest.Session, target: Target) -> None:
        """Once per module: its tests pass without a change."""
        if target not in self.green:
            require_green(target, self.judge(session, target, unchanged(target), []))
            self.green.add(target)

    def judge(
        self, session: pytest.Session, target: Target, mutant: Mutant, found: Swaps
    ) -> Verdict:
        """Run the tests with other code in some functions."""
        lines = statement_lines(target.file.read_text("utf-8"), mutant.line)
        guide = Guide(self.measured, target.file, lines, self.budget)
        work = self.work_of(session, target, mutant, found, guide)
        return verdict_of(mutant, guide, in_fork(work, wall=4 * self.measured.wall + 60))

    def work_of(
        self, session: pytest.Session, target: Target, mutant: Mutant, found: Swaps, guide: Guide
    ) -> Callable[[Path], tuple[int, str]]:
        """What the fork does."""

        plugins = session.config.pluginmanager
        run_items = plugins.subset_hook_caller("pytest_runtestloop", [self])

        def work(scratch: Path) -> tuple[int, str]:
            isolate(scratch)
            change(target.name, target.file, mutant.source, scratch)  # for child processes
            for function, code in found:
                function.__code__ = code
            plugins.register(guide)
            session.items = guide.ordered(session.items)
            with suppress(session.Failed, session.Interrupted):
                run_items(session=session)
            return session.testsfailed, guide.noticed_by

        return work


def judge_swapped(
    plan: Plan, tests: Sequence[str], measured: Measured, budget: float, tell: Tell, scratch: Path
) -> None:
    """Try the mutants that change functions' bodies alone; the others are left.

    The caller is a process of its own.
    """
    isolate(scratch)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    forks = Forks(plan, measured, budget, tell)
    words = [*ALWAYS, "--capture=no", *tests]
    code = pytest.main(words, plugins=[PlainHypothesis(), forks])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise NotGreenError(f"pytest ended with {code}")
