"""Log-mel spectrograms as Kaldi's fbank computes them, and as AudioMAE takes them.

For frames of 25 ms every 10 ms, with X the spectrum of the windowed frame x,

    x <- x - mean(x),  x_n <- x_n - 0.97 x_(n-1),  x <- x * Hann
    y_m = log max(eps, sum_k w_mk |X_k|^2)

with triangles w_m on the scale mel(f) = 1127 ln(1 + f / 700) from 20 Hz to half the rate, eps =
2^-23, no dither and no energy: `torchaudio.compliance.kaldi.fbank` with `htk_compat`, a Hann window
and no dither. Mean, deviation and the shape are those of AudioMAE (Huang et al., "Masked
Autoencoders that Listen", NeurIPS 2022).
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd, log
from typing import Any

import numpy as np
import torch
from scipy.signal import resample_poly
from torch import Tensor

RATE = 16_000
"""Of the recordings that AudioMAE was trained on."""
MEAN, DEVIATION = -4.2677393, 4.5689974
FRAME, HOP = 0.025, 0.010
LOWEST = 20.0
EMPHASIS = 0.97
FLOOR = float(torch.finfo(torch.float32).eps)
MARGIN = 0.5
"""Seconds beyond the window that are resampled too, so that its end is not that of the filter."""


def spectrogram(
    audio: Any, rate: int, *, window: int = 512, mels: int = 128, resample: bool = False
) -> Tensor:
    """(window, mels) float32, time first: log-mel of the first `window` frames, normalised.

    A shorter one is padded with zeros, then (y - mean) / (2 deviation) is taken; so missing audio,
    `None` or without one whole frame, is a constant.

    Args:
        audio: (samples,) or (channels, samples), whose mean is taken off and whose first channel
            is used; or None.
        rate: samples per second. resample: to 16 kHz, before anything else but the mean.
    """
    y = torch.zeros(window, mels)
    if audio is not None and rate and np.size(audio):
        x = np.asarray(audio, dtype=np.float32)
        x = x - x.mean()
        x = x[0] if x.ndim == 2 else x
        x = x[: int((window * HOP + FRAME + MARGIN) * rate)]
        if resample and rate != RATE:
            shared = gcd(rate, RATE)
            x = resample_poly(x, RATE // shared, rate // shared).astype(np.float32)
            rate = RATE
        heard = fbank(torch.from_numpy(np.ascontiguousarray(x)), rate, mels)[:window]
        y[: len(heard)] = heard
    return (y - MEAN) / (2 * DEVIATION)


def fbank(x: Tensor, rate: int, mels: int) -> Tensor:
    """(frames, mels) log energies of (samples,) at `rate`; only whole frames are taken."""
    length, hop = int(rate * FRAME), int(rate * HOP)
    if hop < 1 or len(x) < length:
        return torch.zeros(0, mels)
    frames = x.float().unfold(0, length, hop)
    frames = frames - frames.mean(dim=1, keepdim=True)
    before = torch.cat([frames[:, :1], frames[:, :-1]], dim=1)
    frames = (frames - EMPHASIS * before) * torch.hann_window(length, periodic=False)
    padded = 1 << (length - 1).bit_length()
    power = torch.fft.rfft(frames, padded).abs().square()
    energies: Tensor = (power @ _triangles(rate, padded, mels).T).clamp(min=FLOOR).log()
    return energies


@lru_cache(maxsize=8)
def _triangles(rate: int, padded: int, mels: int) -> Tensor:
    """(mels, padded / 2 + 1) weights; the last bin, at half the rate, is outside of all."""
    low, high = (1127.0 * log(1 + frequency / 700) for frequency in (LOWEST, rate / 2))
    step = (high - low) / (mels + 1)
    left = (low + torch.arange(mels) * step)[:, None]
    bins = 1127.0 * (1 + torch.arange(padded // 2) * (rate / padded) / 700).log()[None]
    rising, falling = (bins - left) / step, (left + 2 * step - bins) / step
    weights = torch.minimum(rising, falling).clamp(min=0)
    return torch.nn.functional.pad(weights, (0, 1))

