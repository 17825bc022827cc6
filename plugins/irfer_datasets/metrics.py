"""Metrics of this family's settings; imports nothing heavy."""

from __future__ import annotations

RECOGNITION = ("accuracy", "macro_f1", "uar", "war")
IMAGE_METRICS = ("psnr", "ssim", "lpips", "psnr_as255", "ssim_as255", "mmd2_rbf5", "kl_gauss_sym")
ALL = (*RECOGNITION, *IMAGE_METRICS, "kl_posterior")
"""Recognition, image quality against true partners, and distance of the domains."""
