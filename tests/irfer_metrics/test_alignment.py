"""Distances between the features of two domains."""

from __future__ import annotations

import numpy as np
import pytest

from irfer_bench.statistics.bootstrap import bootstrap, interval
from irfer_metrics import alignment
from tests.irfer_metrics.given import inputs, log_softmax, make


def test_alignment_sees_a_shift_and_nothing_else() -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 300, 6))
    assert abs(alignment.mmd2_rbf5(x, y)) < 0.01
    assert alignment.mmd2_rbf5(x, y + 1) > 0.1
    assert alignment.mmd2_rbf5_biased(x, y) > alignment.mmd2_rbf5(x, y)
    assert alignment.kl_gauss_sym(x, y) < 0.5 < alignment.kl_gauss_sym(x, y + 1)
    assert alignment.kl_gauss_sym(x, y) == pytest.approx(alignment.kl_gauss_sym(y, x))
    p = log_softmax(x)
    assert np.allclose(alignment.kl_posterior(p, p), 0)
    assert (alignment.kl_posterior(p, log_softmax(y)) >= 0).all()


def test_bootstrap_intervals_of_mmd_surround_its_value() -> None:
    """Copies of an item in a resample must not count as pairs of different items."""
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(2, 80, 5))
    given_ = inputs(features=(x, y + 0.5))
    metric = make("mmd2_rbf5")
    low, high = interval(bootstrap(lambda i: metric.compute(given_, i), np.arange(80), 200))
    assert low < metric.compute(given_) < high


def test_large_sets_are_subsampled_with_the_partners_kept_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alignment, "MOST_ITEMS", 20)
    x = np.random.default_rng(0).normal(size=(50, 4))
    given_ = inputs(features=(x, x.copy()))
    a, b = alignment.unit_features(given_)
    assert a.shape == (20, 4)
    assert np.array_equal(a, b)
    assert make("mmd2_linear").compute(given_) == 0.0
