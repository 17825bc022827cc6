"""The toy's metric."""

import numpy as np

from irfer_toy.pause import reach


class PixelError:
    """Mean absolute difference of pixels; cheap, and needs pairs."""

    consumes = frozenset({"pairs"})
    direction = "lower"
    unit = ""
    range = (0.0, 255.0)

    def __init__(self, params):
        self.params = params

    def compute(self, inputs, index=None):
        if index is None:
            reach("score")
        gaps = inputs.once("gaps", lambda: _gaps(inputs.pairs))
        return float(gaps.mean() if index is None else gaps[index].mean())

    def summands(self, inputs):
        gaps = inputs.once("gaps", lambda: _gaps(inputs.pairs))
        return np.stack([gaps, np.ones(len(gaps))], axis=1)

    def from_sums(self, sums):
        return sums[..., 0] / sums[..., 1]


def _gaps(pairs):
    return np.array([
        np.abs(made.frames.astype(float) - true.frames.astype(float)).mean()
        for made, true in (pairs[i] for i in range(len(pairs)))
    ])
