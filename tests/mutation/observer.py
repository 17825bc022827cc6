"""What a mutation run hears of pytest, and the order and time limit that it gives to tests."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import pytest


@dataclass
class Measured:
    """What the tests of a module do when nothing is changed.

    Args:
        seconds: processor time per test.
        reached: lines of the module per test.
        shared: lines that run on import or in fixtures; every test depends on them.
        modules: names of all imported modules, in the order of their import.
        total: processor time of all, with child processes.
        wall: time on the clock.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    reached: dict[str, list[int]] = field(default_factory=dict)
    shared: list[int] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    total: float = 0.0
    wall: float = 0.0


class Recorder:
    """Measures time and reached lines of every test."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.seconds: dict[str, float] = {}
        self.reached: dict[str, set[int]] = {}
        self.shared: set[int] = set()
        self.now = self.shared

    def start(self) -> None:
        """Follow the module's lines from here on, in threads too."""
        threading.settrace(self.trace)
        sys.settrace(self.trace)

    def trace(self, frame: FrameType, event: str, arg: object) -> Any:
        """Follow only what the module itself runs."""
        return self.follow if frame.f_code.co_filename == self.file else None

    def follow(self, frame: FrameType, event: str, arg: object) -> Any:
        """Note a line."""
        self.now.add(frame.f_lineno)
        return self.follow

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.now = self.reached.setdefault(item.nodeid, set())
        begun = time.process_time()
        try:
            yield
        finally:
            self.seconds[item.nodeid] = time.process_time() - begun
            self.now = self.shared


class Guide:
    """Runs only tests that reach the module, those of the changed line first; limits their time."""

    def __init__(self, measured: Measured, lines: range) -> None:
        self.measured = measured
        hit = set(lines)
        self.concerned = {name for name, own in measured.reached.items() if own}
        if not self.concerned:  # other processes run it
            self.concerned = set(measured.reached)
        self.reaching = {name for name in self.concerned if hit & set(measured.reached[name])}
        if not self.reaching and hit & set(measured.shared):
            self.reaching = self.concerned
        self.noticed_by = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.concerned]
        seconds = {item.nodeid: self.measured.seconds.get(item.nodeid, 0.0) for item in items}
        of_file: dict[str, float] = {}
        for name, own in seconds.items():
            of_file[file_of(name)] = of_file.get(file_of(name), 0.0) + own

        def order(item: pytest.Item) -> tuple[bool, float, str, float]:
            name = item.nodeid
            file = file_of(name)
            return name not in self.reaching, of_file[file], file, seconds[name]

        items.sort(key=order)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        usual = self.measured.seconds.get(item.nodeid, 1.0)
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
