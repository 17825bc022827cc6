"""Diagnostics of a translation: strength of its guidance, and checks of its result."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from irfer_bench.api import CellError, Context
from irfer_translators.diffusion.process import Solver, VPProcess
from irfer_translators.diffusion.sampling import SamplerStep


class GuidanceToNoise:
    """Per step, the mean over items of ||energy step|| / ||noise step||; a sampler callback."""

    def __init__(self, process: VPProcess, solver: Solver) -> None:
        self._process = process
        self._solver = solver
        self._sums: dict[int, float] = {}
        self._items = 0

    def __call__(self, step: SamplerStep) -> None:
        """Take one step of a batch into account."""
        if step.i == len(self._process) - 1:
            self._items += len(step.x)
        noise = self._process.noise_scale(step.i, self._solver)
        if step.gradient is None or noise == 0:
            return
        moved = self._process.energy_scale(step.i, self._solver) * step.gradient.flatten(1)
        # ||z|| of a standard normal vector of n entries is sqrt(n) up to a relative 1 / sqrt(2n).
        ratio = moved.norm(dim=1) / (noise * moved.shape[1] ** 0.5)
        self._sums[step.i] = self._sums.get(step.i, 0.0) + float(ratio.sum())

    def report(self, ctx: Context) -> None:
        """The mean over guided steps, and `level:ratio` of each; nothing without guidance."""
        if not self._sums or not self._items:
            return
        means = {self._process.levels[i]: total / self._items for i, total in self._sums.items()}
        ctx.report("guidance_to_noise", sum(means.values()) / len(means))
        shown = (f"{level:g}:{ratio:.3g}" for level, ratio in means.items())
        ctx.report("guidance_to_noise_by_level", " ".join(shown))


def channel_spread(x: Tensor) -> list[float]:
    """Per image of (B, 3, S, S), how far its channels lie apart on average, in units of [0, 1]."""
    spread: list[float] = ((x.amax(1) - x.amin(1)) / 2).clamp(0, 1).flatten(1).mean(1).tolist()
    return spread


def check_finite(x: Tensor, method: str, items: Sequence[tuple[str, int]], advice: str) -> None:
    """Raise CellError where a translation is not finite: it must not be scored as an image.

    Args:
        x: (B, C, S, S). items: (item id, frame number) of each.
    """
    bad = ~x.isfinite().flatten(1).all(1)
    if bad.any():
        item, frame = items[int(bad.int().argmax())]
        raise CellError(
            f"{method}: the translation of item {item!r}, frame {frame}, is not finite", advice
        )
