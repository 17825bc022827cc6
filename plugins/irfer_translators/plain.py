"""Translators without a model: the floor and the ceiling of a leaderboard.

`red` is the channel nearest to a silicon sensor's near-infrared response; `histmatch` equals
`skimage.exposure.match_histograms` against the pooled training images; `oracle` is the partner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from irfer_bench.api import (
    Clip,
    Clips,
    Context,
    ContractError,
    Params,
    RefusedError,
    Spectrum,
    State,
    TranslationData,
    UsageError,
)
from irfer_translators.spectra import target_spectrum


class Identity:
    """`none` and `identity`: pixels as they are. Whether they are used, the setting decides."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.spectrum: Spectrum = "nir"

    def fit(self, data: TranslationData, ctx: Context) -> None:
        """Remember the target spectrum and learn what `learn` learns."""
        self.spectrum = target_spectrum(data.target_domain)
        self.learn(data, ctx)

    def learn(self, data: TranslationData, ctx: Context) -> None:
        """Nothing is learnt here."""

    def translate(self, clips: Clips, ctx: Context) -> Iterator[Clip]:
        """One clip per clip, facts unchanged."""
        for number, clip in enumerate(clips):
            yield replace(clip, frames=self.convert(clip.frames), spectrum=self.spectrum)
            ctx.progress("translate", number + 1, len(clips))

    def convert(self, frames: Any) -> Any:
        """(T, H, W, 3) uint8 -> the same shape and type, never the same array."""
        return frames.copy()

    def state(self) -> State:
        """The target spectrum, and what was learnt."""
        return State(self.learnt(), {"spectrum": self.spectrum})

    def restore(self, state: State) -> None:
        """Put back what `state` gave."""
        self.spectrum = state.scalars["spectrum"]
        for name, value in state.tensors.items():
            setattr(self, name, value)

    def learnt(self) -> dict[str, Any]:
        """Arrays by attribute name."""
        return {}


class Grey(Identity):
    """Pillow's "L": (19595 R + 38470 G + 7471 B + 32768) >> 16, in all three channels."""

    def convert(self, frames: Any) -> Any:
        return replicate(luma(frames))


class Red(Identity):
    """The red channel in all three channels."""

    def convert(self, frames: Any) -> Any:
        return replicate(frames[..., 0])


class HistogramMatch(Identity):
    """Each frame's grey levels onto the pooled distribution of the training target images."""

    quantiles: Any = None

    def learn(self, data: TranslationData, ctx: Context) -> None:
        counts = pooled_counts(data.target)
        self.quantiles = np.cumsum(counts) / counts.sum()

    def convert(self, frames: Any) -> Any:
        quantiles = _learnt(self.quantiles)
        return replicate(round_half_up(np.stack([match(f, quantiles) for f in luma(frames)])))

    def learnt(self) -> dict[str, Any]:
        return {"quantiles": _learnt(self.quantiles)}


class MeanStd(Identity):
    """Each frame's grey levels shifted and scaled to the target's pooled mean and deviation."""

    moments: Any = None

    def learn(self, data: TranslationData, ctx: Context) -> None:
        counts = pooled_counts(data.target)
        mean = (counts * np.arange(256)).sum() / counts.sum()
        variance = (counts * (np.arange(256) - mean) ** 2).sum() / counts.sum()
        self.moments = np.array([mean, np.sqrt(variance)])

    def convert(self, frames: Any) -> Any:
        mean, deviation = _learnt(self.moments)
        shifted = np.stack([standardise(f, mean, deviation) for f in luma(frames)])
        return replicate(round_half_up(shifted))

    def learnt(self) -> dict[str, Any]:
        return {"moments": _learnt(self.moments)}


class Oracle(Identity):
    """The true target partner: what a perfect translator would give."""

    def translate(
        self, clips: Clips, ctx: Context, partners: Clips | None = None
    ) -> Iterator[Clip]:
        """The partners' pixels with the clips' facts; `partners` stands in the order of `clips`.

        Raises:
            RefusedError: there are no true partners. ContractError: not one for each clip.
        """
        if partners is None:
            raise RefusedError(
                "oracle needs the true partner of every clip, and these have none",
                "use it in a `weak` setting or on the embedded benchmark",
            )
        if len(partners) != len(clips):
            raise ContractError(f"oracle was given {len(partners)} partners for {len(clips)} clips")
        for number, (clip, partner) in enumerate(zip(clips, partners, strict=True)):
            n, m = len(clip.frames), len(partner.frames)
            phase = np.floor((np.arange(n) + 0.5) * m / n).astype(int)
            yield replace(clip, frames=partner.frames[phase], spectrum=self.spectrum)
            ctx.progress("translate", number + 1, len(clips))


def luma(frames: Any) -> Any:
    """(..., 3) uint8 -> (...) uint8, Pillow's fixed-point luma."""
    rgb = frames.astype(np.uint32)
    grey = 19595 * rgb[..., 0] + 38470 * rgb[..., 1] + 7471 * rgb[..., 2] + 32768
    return (grey >> 16).astype(np.uint8)


def match(grey: Any, quantiles: Any) -> Any:
    """One (H, W) uint8 frame onto a distribution given as (256,) cumulative quantiles; float64."""
    counts = np.bincount(grey.ravel(), minlength=256)
    present = np.flatnonzero(np.diff(quantiles, prepend=0.0) > 0)
    own = np.cumsum(counts) / grey.size
    return np.interp(own, quantiles[present], present.astype(np.float64))[grey]


def standardise(grey: Any, mean: float, deviation: float) -> Any:
    """One (H, W) frame to this mean and population deviation; a flat frame becomes the mean."""
    x = grey.astype(np.float64)
    own = x.std()
    return np.full_like(x, mean) if own == 0 else (x - x.mean()) / own * deviation + mean


def round_half_up(x: Any) -> Any:
    """floor(clip(x, 0, 255) + 0.5) as uint8."""
    return np.floor(np.clip(x, 0, 255) + 0.5).astype(np.uint8)


def replicate(grey: Any) -> Any:
    """(T, H, W) -> (T, H, W, 3), contiguous."""
    return np.repeat(grey[..., None], 3, axis=-1)


def pooled_counts(clips: Clips) -> Any:
    """(256,) how often each grey level occurs in all frames.

    Raises:
        UsageError: there are no clips.
    """
    counts = np.zeros(256, np.int64)
    for clip in clips:
        counts += np.bincount(luma(clip.frames).ravel(), minlength=256)
    if not counts.any():
        raise UsageError("there are no target images to learn grey levels from")
    return counts


def _learnt(value: Any) -> Any:
    if value is None:
        raise ContractError("translate or state was called before fit or restore")
    return value
