"""Solvers of the reverse process: the process's own steps, and fast ones of `diffusers`.

DPM-Solver++ (2M, second order) of Lu et al., "DPM-Solver++: Fast Solver for Guided Sampling of
Diffusion Probabilistic Models", and UniPC (second order, B2) of Zhao et al., "UniPC: A Unified
Predictor-Corrector Framework for Fast Sampling of Diffusion Models", NeurIPS 2023. Both solve the
probability-flow ODE, without noise, and see the guided noise prediction as every other step does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import torch
from diffusers import DPMSolverMultistepScheduler, UniPCMultistepScheduler
from torch import Tensor

from irfer_translators.diffusion.process import Solver, VPProcess

Step: TypeAlias = Callable[..., Tensor]
"""(x, eps, i, z, std=None) -> x_{i-1}, as `VPProcess.step` has it without the solver's name."""
FAST: dict[str, Any] = {
    "dpmpp": partial(DPMSolverMultistepScheduler, algorithm_type="dpmsolver++"),
    "unipc": partial(UniPCMultistepScheduler, solver_type="bh2"),
}


def make_step(process: VPProcess, solver: Solver) -> Step:
    """The step function of one walk from the process's last index to 0; use it for one walk."""
    if solver in FAST:
        return FastStep(process, solver)
    return partial(process.step, solver)


class FastStep:
    """A multistep solver: remembers the predictions of earlier steps."""

    def __init__(self, process: VPProcess, solver: Solver) -> None:
        count = len(process)
        self._scheduler: Any = FAST[solver](num_train_timesteps=count, solver_order=2)
        self._scheduler.set_timesteps(count)
        # The levels are the process's: their sigmas, and 0 behind the last.
        sigmas = np.append(np.sqrt((1 - process.abar) / process.abar)[::-1], 0.0)
        self._scheduler.sigmas = torch.from_numpy(sigmas)
        self._scheduler.timesteps = torch.arange(count - 1, -1, -1)
        self._scheduler.set_begin_index(0)

    def __call__(
        self, x: Tensor, eps: Tensor, i: int, z: Tensor | None = None, std: Tensor | None = None
    ) -> Tensor:
        """x_{i-1}; `z` and `std` are not used, since nothing is random."""
        stepped: Tensor = self._scheduler.step(eps, i, x).prev_sample
        return stepped.to(x.dtype)
