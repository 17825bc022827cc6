"""Blurred luma, moved to the mean and deviation of the blurred target images."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from irfer_bench.api import Clip, Clips, Context, State, TranslationData
from irfer_bench_blurnet.blurnet_params import BlurParams


class Blur:
    """out = (blur(luma) - mean of it) / deviation of it * gain * target deviation + target mean."""

    def __init__(self, params: BlurParams) -> None:
        self.params = params
        self.moments = np.array([0.5, 0.25])
        self.spectrum: Any = "nir"

    def fit(self, data: TranslationData, ctx: Context) -> None:
        """Pool the blurred grey levels of the target images."""
        pooled = np.concatenate([blur(clip.frames, self.params.radius) for clip in data.target])
        self.moments = np.array([pooled.mean(), pooled.std()])
        self.spectrum = data.target_domain
        ctx.report("target_mean", float(self.moments[0]))

    def translate(self, clips: Clips, ctx: Context) -> Iterator[Clip]:
        """One clip per clip; each frame on its own."""
        for clip in clips:
            grey = blur(clip.frames, self.params.radius)
            own = grey.reshape(len(grey), -1)
            mean, deviation = own.mean(1)[:, None, None], own.std(1)[:, None, None] + 1e-6
            moved = (grey - mean) / deviation * self.params.gain * self.moments[1] + self.moments[0]
            levels = np.floor(moved.clip(0, 1) * 255 + 0.5).astype(np.uint8)
            frames = np.repeat(levels[..., None], 3, axis=-1)
            yield replace(clip, frames=frames, spectrum=self.spectrum)

    def state(self) -> State:
        """Two numbers and a word."""
        return State({"moments": self.moments}, {"spectrum": self.spectrum})

    def restore(self, state: State) -> None:
        """Put them back."""
        self.moments, self.spectrum = state.tensors["moments"], state.scalars["spectrum"]


def blur(frames: Any, radius: int) -> Any:
    """(T, H, W, 3) uint8 -> (T, H, W) in [0, 1], box-blurred with edges repeated."""
    grey = frames.astype(np.float64).mean(-1) / 255
    width = 2 * radius + 1
    for axis in (1, 2):
        edge = [(0, 0)] * 3
        edge[axis] = (radius, radius)
        windows = np.lib.stride_tricks.sliding_window_view(
            np.pad(grey, edge, mode="edge"), width, axis
        )
        grey = windows.mean(-1)
    return grey
