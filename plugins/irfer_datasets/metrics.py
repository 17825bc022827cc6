"""What the settings of this family measure; imports nothing heavy."""

from __future__ import annotations

RECOGNITION = ("accuracy", "macro_f1", "uar", "war")
IMAGE_SUFFIXES = ("psnr", "ssim", "lpips", "psnr_as255", "ssim_as255", "mmd2_rbf5", "kl_gauss_sym")
ALL = (*RECOGNITION, *IMAGE_SUFFIXES, "kl_posterior")
"""Match of target images, images against true partners, how far the domains lie."""
