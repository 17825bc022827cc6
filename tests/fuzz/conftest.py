"""Options of the fuzz suite, and the process that all its tests share."""

from __future__ import annotations

import pytest

from tests.fuzz.probe import Probe, tell

PROBES: list[Probe] = []


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=0, metavar="N", help="mutated inputs altogether")
    parser.addoption("--fuzz-seed", type=int, default=0, metavar="N", help="other inputs")


@pytest.fixture(scope="session")
def probe(tmp_path_factory):
    made = Probe(tmp_path_factory.mktemp("fuzz"))
    PROBES.append(made)
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter, config):
    if config.getoption("--fuzz", 0):
        for probe in PROBES:
            terminalreporter.write_line("\n".join(tell(probe.counts)))
