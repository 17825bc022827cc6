"""Learning rates against Dassl's and torch's schedulers."""

from __future__ import annotations

from pathlib import Path

import pytest

from irfer_bench.nn.schedules import cosine, warmup_cosine
from tests.parity.fixtures import fixtures, load


@pytest.mark.parametrize("path", fixtures("recognizers", "lr_schedules"))
def test_closed_forms_equal_the_schedulers(path: Path) -> None:
    curves, _ = load(path)
    assert curves
    for name, rates in curves.items():
        warms_up = rates[1] > rates[0]
        for epoch, rate in enumerate(rates):
            got = (
                warmup_cosine(epoch, len(rates), rates[1], warmup=rates[0])
                if warms_up
                else cosine(epoch, len(rates), rates[0])
            )
            assert got == pytest.approx(rate, abs=1e-15, rel=1e-12), (name, epoch)
