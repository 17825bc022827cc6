"""PSNR and SSIM equal torchmetrics' once its defaults are corrected, and only then."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from irfer_metrics.image_quality import psnr, ssim

EDGE = 5
"""torchmetrics averages over the reflected border too, half of Wang's window on each side."""


@pytest.fixture(scope="module")
def frames() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    smooth = rng.random((3, 12, 12, 3)).repeat(4, 1).repeat(4, 2)
    noise = rng.normal(0, [[[[0.02]]], [[[0.1]]], [[[0.3]]]], smooth.shape)
    return smooth, np.clip(smooth + noise, 0, 1)


def _nchw(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2)


def test_psnr_is_of_one_image_and_not_of_the_pool(
    frames: tuple[np.ndarray, np.ndarray],
) -> None:
    truth, made = frames
    ours = [psnr(a, b) for a, b in zip(made, truth, strict=True)]
    each = peak_signal_noise_ratio(
        _nchw(made), _nchw(truth), data_range=1.0, dim=(1, 2, 3), reduction="none"
    )
    np.testing.assert_allclose(ours, each.numpy(), atol=1e-6)
    pooled = float(peak_signal_noise_ratio(_nchw(made), _nchw(truth), data_range=1.0))
    assert abs(pooled - np.mean(ours)) > 1


def test_ssim_is_of_the_valid_region_alone(frames: tuple[np.ndarray, np.ndarray]) -> None:
    truth, made = frames
    ours = [ssim(a, b) for a, b in zip(made, truth, strict=True)]
    whole, full = structural_similarity_index_measure(
        _nchw(made), _nchw(truth), data_range=1.0, reduction="none", return_full_image=True
    )
    inner = full[..., EDGE:-EDGE, EDGE:-EDGE].mean((1, 2, 3))
    np.testing.assert_allclose(ours, inner.numpy(), atol=1e-5)
    assert np.abs(whole.numpy() - ours).max() > 1e-3
