"""One sampling loop for diffusion translators, and what every such loop needs.

`sample` in the manner of k-diffusion: a pure function of a noise prediction, a state, a process and
a source of noise, with guidance, clipping and projection as options. NFER-SDE spells its own loop
out in `nfer_sde.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from irfer_translators.diffusion.process import NOISELESS, Prediction, Solver, VPProcess
from irfer_translators.diffusion.solvers import make_step

TimedNet: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""(x, (B,) levels) -> the network's output."""
EpsModel: TypeAlias = Callable[[Tensor, int], Tensor]
"""(x at index i, i) -> predicted noise, of x's shape; or with twice the channels, whose second half
is the learned range of the variance."""
Guidance: TypeAlias = Callable[[Tensor, int], Tensor | None]
"""(x at index i, i) -> sum_k lambda_k grad_x E_k, or None where it is known to be zero."""
NoiseSource: TypeAlias = Callable[[], Tensor]
"""Standard normal noise of the state's shape."""
Projection: TypeAlias = Callable[[Tensor, int], Tensor]
"""(x after the step at index i, i) -> x."""


@dataclass(frozen=True)
class SamplerStep:
    """One step as a callback sees it; `gradient` is None where the step was not guided."""

    i: int
    x: Tensor
    eps: Tensor
    gradient: Tensor | None
    x_next: Tensor


Callback: TypeAlias = Callable[[SamplerStep], None]


def sample(
    eps_model: EpsModel,
    x: Tensor,
    process: VPProcess,
    noise: NoiseSource,
    *,
    guidance: Guidance | None = None,
    solver: Solver = "ancestral",
    clip: bool = False,
    project: Projection | None = None,
    callback: Callback | None = None,
) -> Tensor:
    """Step from the process's last index down to 0 and return x_0.

    Args:
        x: (B, C, H, W) state at the last index of `process`; respace the process for fewer steps.
        noise: called once for every step but the last, never by solvers without noise.
        clip: clip each predicted x_0 to [-1, 1] before the step is taken.
        project: changes the state after each step (ILVR's low frequencies, SDEdit's mask).
    """
    step = make_step(process, solver)
    for i in reversed(range(len(process))):
        with torch.no_grad():
            output = eps_model(x, i)
        learned = output.shape[1] == 2 * x.shape[1]
        eps, v = output.chunk(2, 1) if learned else (output, None)
        gradient = guidance(x, i) if guidance is not None else None
        eps_hat = eps if gradient is None else guided_eps(eps, gradient, process, i)
        if clip:
            eps_hat = process.clipped(eps_hat, x, i)
        std = None if v is None else process.learned_std(v, i)
        z = noise() if i > 0 and solver not in NOISELESS else None
        x_next = step(x, eps_hat, i, z, std)
        if project is not None:
            x_next = project(x_next, i)
        # Guidance differentiates through the energies alone: a graph here would mean the score
        # network's activations of every step are being kept.
        if x_next.requires_grad:
            raise RuntimeError("the sampler's state carries a graph; detach the guidance gradient")
        if callback is not None:
            callback(SamplerStep(i, x, eps, gradient, x_next))
        x = x_next
    return x


def guided_eps(eps: Tensor, gradient: Tensor, process: VPProcess, i: int) -> Tensor:
    """eps + sqrt(1 - abar_i) * gradient: the guided score is s - gradient.

    For the ancestral step this is EGSDE's update of the mean (Zhao et al., NeurIPS 2022,
    algorithm 1).
    """
    return eps + float(np.sqrt(1 - process.abar[i])) * gradient


def noise_model(net: TimedNet, process: VPProcess, prediction: Prediction = "eps") -> EpsModel:
    """eps_theta(x_t, t) of an unconditional network that predicts eps, v or x_0."""

    def eps(x: Tensor, i: int) -> Tensor:
        output = net(x, levels(process.levels[i], x)).to(x.dtype)
        channels = x.shape[1]
        predicted = process.to_eps(prediction, output[:, :channels], x, i)
        learned = output[:, channels:]
        return torch.cat([predicted, learned], 1) if learned.shape[1] else predicted

    return eps


def levels(level: float, like: Tensor) -> Tensor:
    """The network's time input for a batch that is at one level: (B,) float32."""
    return torch.full((like.shape[0],), float(level), device=like.device)


class ItemNoise:
    """Noise that depends on each item's own seed: batch size and order never change it.

    Drawn on the CPU, one generator per seed, then moved; equal seeds get equal noise.

    Args:
        seeds: one per element of the batch. shape: of one element, (C, H, W).
    """

    def __init__(self, seeds: Sequence[int], shape: Sequence[int], device: str = "cpu") -> None:
        self._generators = {seed: torch.Generator().manual_seed(seed) for seed in seeds}
        self._seeds = list(seeds)
        self._shape = tuple(shape)
        self._device = device

    def __call__(self) -> Tensor:
        drawn = {
            seed: torch.randn(self._shape, generator=generator)
            for seed, generator in self._generators.items()
        }
        return torch.stack([drawn[seed] for seed in self._seeds]).to(self._device)
