"""What a mutation run hears of pytest, and the order and time limit that it gives to tests."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


@dataclass(frozen=True)
class Measured:
    """What tests do when nothing is changed.

    Args:
        seconds: processor time per test, with that of its child processes.
        reached: per file of a module and per test the lines that it and its fixtures run.
        imports: per file the lines that run on import.
        modules: names of all imported modules, in the order of their import.
        wall: seconds on the clock of all.
    """

    seconds: dict[str, float]
    reached: dict[str, dict[str, list[int]]]
    imports: dict[str, list[int]]
    modules: list[str]
    wall: float


class Recorder:
    """Measures time and reached lines of every test."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.files = frozenset(map(str, files))
        self.seconds: dict[str, float] = {}
        self.lines: dict[str, set[tuple[str, int]]] = {}
        self.now = self.of("")

    def of(self, name: str) -> set[tuple[str, int]]:
        """File and line of what a test, the fixtures of a test file, or importing has run."""
        return self.lines.setdefault(name, set())

    def start(self) -> None:
        """Follow the lines of the modules from here on, in threads too."""
        threading.settrace(self.trace)
        sys.settrace(self.trace)

    def trace(self, frame: FrameType, event: str, arg: object) -> Any:
        """Follow only what the modules themselves run."""
        return self.follow if frame.f_code.co_filename in self.files else None

    def follow(self, frame: FrameType, event: str, arg: object) -> Any:
        """Note a line."""
        self.now.add((frame.f_code.co_filename, frame.f_lineno))
        return self.follow

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        self.now = self.of(file_of(item.nodeid))
        try:
            return (yield)
        finally:
            self.now = self.of("")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.now = self.of(item.nodeid)
        begun = sum(os.times()[:4])
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = sum(os.times()[:4]) - begun
            self.now = self.of("")

    def measured(self, modules: list[str], wall: float) -> Measured:
        """Everything per file."""
        reached: dict[str, dict[str, list[int]]] = {file: {} for file in self.files}
        for name in self.seconds:
            for file, line in self.of(name) | self.of(file_of(name)):
                reached[file].setdefault(name, []).append(line)
        imports: dict[str, list[int]] = {file: [] for file in self.files}
        for file, line in self.of(""):
            imports[file].append(line)
        return Measured(self.seconds, reached, imports, modules, wall)


class Guide:
    """Runs tests that reach a module, those of the changed line first, up to a sum of seconds."""

    def __init__(self, measured: Measured, file: Path, lines: range, budget: float) -> None:
        self.seconds = measured.seconds
        own = measured.reached[str(file)]
        hit = set(lines)
        self.reaching = {name for name, run in own.items() if hit & set(run)}
        everywhere = bool(hit & set(measured.imports[str(file)]))
        if everywhere and not self.reaching:
            self.reaching = set(own)
        self.reached = bool(self.reaching) or everywhere
        chosen = sorted(own or self.seconds, key=self.order)
        total = 0.0
        self.chosen: list[str] = []
        for name in chosen:
            total += self.seconds[name]
            if not self.chosen or total <= budget:
                self.chosen.append(name)
        self.noticed_by = ""

    def order(self, name: str) -> tuple[bool, float]:
        """Those of the line first, the cheapest first."""
        return name not in self.reaching, self.seconds[name]

    @property
    def files(self) -> list[str]:
        """The test files that are needed."""
        return sorted({file_of(name) for name in self.chosen})

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = self.ordered(items)

    def ordered(self, items: Iterable[pytest.Item]) -> list[pytest.Item]:
        """The chosen tests, by file, so that fixtures of a file are set up once."""
        place = {name: number for number, name in enumerate(self.chosen)}
        chosen = sorted(
            (item for item in items if item.nodeid in place), key=lambda own: place[own.nodeid]
        )
        first: dict[str, int] = {}
        for item in chosen:
            first.setdefault(file_of(item.nodeid), place[item.nodeid])
        return sorted(chosen, key=lambda own: (first[file_of(own.nodeid)], place[own.nodeid]))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        usual = self.seconds[item.nodeid]
        signal.setitimer(signal.ITIMER_PROF, 10 * usual + 2)  # its signal ends the process
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.noticed_by:
            self.noticed_by = report.nodeid


class PlainHypothesis:
    """Examples are the same in each run, none is stored, failing ones are not made smaller."""

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutation",
            parent=settings.get_profile(settings.get_current_profile_name()),
            derandomize=True,
            max_examples=20,
            database=None,
            phases=[Phase.explicit, Phase.generate],
        )
        settings.load_profile("mutation")


def file_of(name: str) -> str:
    """The file of a test's name."""
    return name.partition("::")[0]


def imported(before: Mapping[str, object]) -> list[str]:
    """Modules that were imported since, in their order."""
    return [name for name in sys.modules if name not in before]
