"""A few random kills of host and workers; `python -m tests.benchmarks.kills` does forty."""

from __future__ import annotations

import pytest

from tests.benchmarks.kills import main


@pytest.mark.slow
def test_nothing_is_lost_doubled_or_half_written() -> None:
    assert main(times=3, seed=1) == []
