"""PSNR and SSIM of translated frames and their partners."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from irfer_bench.api import UnavailableError
from tests.irfer_metrics.given import clip, inputs, make


@pytest.mark.parametrize("name", ["psnr", "ssim", "psnr_as255", "ssim_as255"])
def test_resamples_average_values_computed_once(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric, given_ = make(name), inputs()
    calls = []
    original = type(metric).per_frame  # type: ignore[attr-defined]

    def counting(self: Any, a: Any, b: Any) -> float:
        calls.append(1)
        return float(original(self, a, b))

    monkeypatch.setattr(type(metric), "per_frame", counting)
    each = [metric.compute(given_, np.array([i])) for i in range(12)]
    assert metric.compute(given_) == pytest.approx(np.mean(each))
    assert len(calls) == 24  # 12 clips of 2 frames


def test_frames_are_averaged_in_decibels_and_equal_ones_are_capped_and_counted() -> None:
    truth = np.full((2, 16, 16, 3), 100)
    other = truth.copy()
    other[1] += 10
    given_ = inputs(pairs=[(clip(other), clip(truth))])
    assert make("psnr").compute(given_) == pytest.approx((100 + 20 * np.log10(255 / 10)) / 2)
    assert make("psnr_identical").compute(given_) == 0.5


def test_psnr_as255_is_psnr_plus_the_slip() -> None:
    given_ = inputs()
    slip = make("psnr_as255").compute(given_) - make("psnr").compute(given_)
    assert slip == pytest.approx(20 * np.log10(255 / 2))
    assert make("ssim_as255").compute(given_) > make("ssim").compute(given_)


def test_frames_that_do_not_match_or_are_too_small_get_a_reason() -> None:
    small, large = np.zeros((1, 8, 8, 3)), np.zeros((1, 16, 16, 3))
    with pytest.raises(UnavailableError, match="partner"):
        make("psnr").compute(inputs(pairs=[(clip(small), clip(large))]))
    with pytest.raises(UnavailableError, match="11 pixels"):
        make("ssim").compute(inputs(pairs=[(clip(small), clip(small))]))
