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


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9, 1.0])
def test_mmd_of_partners_of_one_law_is_zero_however_alike_partners_are(
    correlation: float,
) -> None:
    """144 pairs, 60 times: with k(x_i, y_i) counted, as in version 1, it lies below zero."""
    generator = np.random.default_rng(0)
    found, before = [], []
    for _ in range(60):
        x, noise = generator.normal(size=(2, 144, 16))
        y = correlation * x + np.sqrt(1 - correlation**2) * noise
        found.append(make("mmd2_rbf5").compute(inputs(features=(x, y))))
        a, b = (z / np.linalg.norm(z, axis=1, keepdims=True) for z in (x, y))
        before.append(alignment.mmd2_rbf5(a, b))
    error = np.std(found) / np.sqrt(60)
    assert abs(np.mean(found)) < 4 * error + 1e-12
    if correlation >= 0.9:
        assert np.mean(before) < -0.004


def test_mmd_of_partners_is_the_h_statistic() -> None:
    """Gretton et al. 2012, Lemma 6, pair by pair."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 9, 3))
    xx, yy, xy = alignment._rbf5(x, y)
    h = [xx[i, j] + yy[i, j] - xy[i, j] - xy[j, i] for i in range(9) for j in range(9) if i != j]
    assert alignment.mmd2_rbf5_partners(x, y) == pytest.approx(np.mean(h))


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
