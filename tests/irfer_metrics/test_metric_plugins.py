"""Every metric as the core calls it: resampling, availability, announcing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from irfer_bench.api import UnavailableError
from irfer_bench.statistics.bootstrap import bootstrap
from tests.irfer_metrics.given import COMPONENTS, inputs, make

ELSEWHERE = (
    "lpips", "lpips_vgg", "kid", "nme", "face_identity", "face_identity_true", "face_missed",
)
"""They need weights, or images of faces, which their own tests and the conformance suite have."""
AVAILABLE = [c.name for c in COMPONENTS if c.name not in ELSEWHERE]


@pytest.mark.parametrize("name", AVAILABLE)
def test_the_whole_sample_is_the_resample_that_takes_each_item_once(name: str) -> None:
    metric, given_ = make(name), inputs()
    value = metric.compute(given_)
    low, high = metric.range
    assert low <= value <= high
    assert metric.compute(given_, np.arange(12)) == pytest.approx(value, abs=1e-9)
    assert metric.compute(given_, np.arange(12)[::-1]) == pytest.approx(value, abs=1e-9)
    draws = bootstrap(lambda i: metric.compute(given_, i), np.arange(12), draws=20)
    assert np.isfinite(draws).any()


@pytest.mark.parametrize("name", [c.name for c in COMPONENTS])
def test_a_cell_without_the_inputs_gets_a_reason(name: str) -> None:
    metric = make(name)
    empty = inputs(**dict.fromkeys(
        ("scores", "pair_labels", "pair_scores", "pair_target_scores", "pairs", "features")))
    with pytest.raises(UnavailableError) as caught:
        metric.compute(empty)
    assert len(str(caught.value)) > 20


def test_announcing_imports_nothing_heavy() -> None:
    code = "import sys, irfer_metrics.hooks as h; list(h.irfer_bench_components()); " \
        "print([m for m in ('torch', 'numpy', 'skimage', 'sklearn') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len({c.name for c in COMPONENTS}) == len(COMPONENTS)
