"""Arguments and announcements drawn by hypothesis, which shrinks what breaks a rule."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.kinds import announcements, arguments
from tests.fuzz.probe import save

FEW = 12
STRATEGIES = {"arguments": arguments.strategy, "announcements": announcements.strategy}


@pytest.mark.parametrize("kind", STRATEGIES)
def test_drawn_values_are_read_or_refused_in_one_line(kind, probe, pytestconfig):
    examples = (pytestconfig.getoption("--fuzz", 0) // 20) or FEW

    @seed(pytestconfig.getoption("--fuzz-seed", 0))
    @settings(
        max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(STRATEGIES[kind](), min_size=1, max_size=16))
    def feed(contents):
        for content, verdict in zip(contents, probe.feed(kind, contents), strict=True):
            assert not verdict.fault, f"{save(kind, content)}: {verdict.fault} ({verdict.where})"

    feed()
