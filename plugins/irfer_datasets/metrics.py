"""What the settings of this family measure; imports nothing heavy."""

from __future__ import annotations

RECOGNITION = ("accuracy", "macro_f1", "uar", "war")
PICTURES = ("psnr", "ssim", "lpips", "psnr_as255", "ssim_as255", "mmd2_rbf5", "kl_gauss_sym")
ALL = (*RECOGNITION, *PICTURES, "kl_posterior")
"""Recognition of target pictures, pictures against true partners, how far the domains lie."""
