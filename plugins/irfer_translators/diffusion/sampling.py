"""One sampler as a pure function of (noise prediction, state, process, noise source, guidance).

In the spirit of k-diffusion: nothing is printed, drawn or kept here that was not handed in.
Guidance by energies folds into the noise prediction (translators.md §1), which for the ancestral
step is algebraically EGSDE's update of the mean (Zhao et al. 2022, algorithm 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from irfer_translators.diffusion.process import Discretisation, VPProcess

EpsModel: TypeAlias = Callable[[Tensor, int], Tensor]
"""(x at index i, i) -> predicted noise, of x's shape."""
Guidance: TypeAlias = Callable[[Tensor, int], Tensor | None]
"""(x at index i, i) -> sum_k lambda_k grad_x E_k, or None where it is known to be zero."""
NoiseSource: TypeAlias = Callable[[], Tensor]
"""Standard normal noise of the state's shape; called once for every step but the last."""


@dataclass(frozen=True)
class StepFacts:
    """What a callback sees of one step; `gradient` is None where the step was not guided."""

    i: int
    x: Tensor
    eps: Tensor
    gradient: Tensor | None
    x_next: Tensor


def sample(
    eps_model: EpsModel,
    x: Tensor,
    process: VPProcess,
    noise: NoiseSource,
    *,
    guidance: Guidance | None = None,
    discretisation: Discretisation = "ancestral",
    callback: Callable[[StepFacts], None] | None = None,
) -> Tensor:
    """Walk from the process's last index to 0 and return x_0, unclipped.

    Args:
        x: (B, C, H, W) state at the last index of `process`; respace the process to walk less far.
    """
    step = process.em_step if discretisation == "em" else process.ancestral_step
    for i in reversed(range(len(process))):
        with torch.no_grad():
            eps = eps_model(x, i)
        gradient = guidance(x, i) if guidance is not None else None
        eps_hat = eps if gradient is None else fold(eps, gradient, process, i)
        x_next = step(x, eps_hat, i, noise() if i > 0 else None)
        # Guidance differentiates through the energies alone: a graph here would mean the score
        # network's activations of every step are being kept.
        if x_next.requires_grad:
            raise RuntimeError("the sampler's state carries a graph; detach the guidance gradient")
        if callback is not None:
            callback(StepFacts(i, x, eps, gradient, x_next))
        x = x_next
    return x


def fold(eps: Tensor, gradient: Tensor, process: VPProcess, i: int) -> Tensor:
    """eps_hat = eps + sqrt(1 - abar_i) * gradient: the guided score is s - gradient."""
    return eps + float(np.sqrt(1 - process.abar[i])) * gradient


class ItemNoise:
    """Noise that depends on each item's own seed: batch size and order never change it.

    Drawn on the CPU, one generator per item, then moved.

    Args:
        seeds: one per item of the batch. shape: of one item, (C, H, W).
    """

    def __init__(self, seeds: Sequence[int], shape: Sequence[int], device: str = "cpu") -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._shape = tuple(shape)
        self._device = device

    def __call__(self) -> Tensor:
        drawn = [torch.randn(self._shape, generator=g) for g in self._generators]
        return torch.stack(drawn).to(self._device)
