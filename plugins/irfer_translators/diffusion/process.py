"""The variance-preserving diffusion process that all diffusion translators share.

Ho et al., Denoising Diffusion Probabilistic Models, NeurIPS 2020 (DDPM), equations 2 to 7, with
0-based indices i = 0..T-1; respacing, the cosine schedule and learned variances as in Nichol and
Dhariwal, Improved Denoising Diffusion Probabilistic Models, ICML 2021. Tables are float64 and enter
the arithmetic as Python floats, or, in training, as tensors cast to the state's type: float32
tables lose 6e-4 relative at i = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Table: TypeAlias = NDArray[np.float64]
Variance: TypeAlias = Literal["fixedsmall", "fixedlarge"]
Prediction: TypeAlias = Literal["eps", "v", "sample"]
Solver: TypeAlias = Literal["ancestral", "em", "ddim", "dpmpp", "unipc"]
NOISELESS: tuple[Solver, ...] = ("ddim", "dpmpp", "unipc")


@dataclass(frozen=True, eq=False)
class VPProcess:
    """q(x_i | x_0) = N(sqrt(abar_i) x_0, (1 - abar_i) I), and the steps back.

    Args:
        betas: (T,) float64, each in (0, 1).
        levels: (T,) the time input of the network at each index; 0..T-1 unless respaced, and not
            whole numbers where rescaled.
        variance: of the reverse step: the posterior's (`fixedsmall`) or beta (`fixedlarge`).
    """

    betas: Table
    levels: tuple[float, ...]
    variance: Variance = "fixedsmall"

    @classmethod
    def linear(
        cls, T: int = 1000, start: float = 1e-4, end: float = 0.02,
        variance: Variance = "fixedsmall",
    ) -> VPProcess:
        """The linear schedule of DDPM (section 4)."""
        return cls(np.linspace(start, end, T, dtype=np.float64), tuple(range(T)), variance)

    @classmethod
    def cosine(
        cls, T: int = 1000, offset: float = 0.008, largest: float = 0.999,
        variance: Variance = "fixedsmall",
    ) -> VPProcess:
        """abar_t proportional to cos^2 (Nichol and Dhariwal 2021, equation 17), beta capped."""
        t = np.arange(T + 1, dtype=np.float64) / T
        abar = np.cos((t + offset) / (1 + offset) * np.pi / 2) ** 2
        betas = np.minimum(1 - abar[1:] / abar[:-1], largest)
        return cls(betas, tuple(range(T)), variance)

    def __post_init__(self) -> None:
        if len(self.betas) != len(self.levels):
            raise ValueError(f"{len(self.betas)} betas but {len(self.levels)} levels")
        if not ((self.betas > 0) & (self.betas < 1)).all():
            raise ValueError("every beta must lie between 0 and 1")

    def __len__(self) -> int:
        return len(self.betas)

    @cached_property
    def abar(self) -> Table:
        """Cumulative product of alpha = 1 - beta."""
        return np.cumprod(1.0 - self.betas, dtype=np.float64)

    @cached_property
    def abar_before(self) -> Table:
        """abar one level down; 1 below level 0."""
        return np.append(np.ones(1), self.abar[:-1])

    @cached_property
    def step_variance(self) -> Table:
        """Variance of the reverse step at each index."""
        return self.betas if self.variance == "fixedlarge" else self._posterior_variance

    @cached_property
    def _posterior_variance(self) -> Table:
        return np.maximum(self.betas * (1 - self.abar_before) / (1 - self.abar), 1e-20)

    def respaced(self, levels: Sequence[int]) -> VPProcess:
        """The process that visits only these ascending indices, with the same marginals there."""
        kept = self.abar[list(levels)]
        betas = 1.0 - kept / np.append(1.0, kept[:-1])
        return VPProcess(betas, tuple(self.levels[i] for i in levels), self.variance)

    def rescaled(self, factor: float) -> VPProcess:
        """The same process, whose network was trained with its time input times `factor`."""
        return VPProcess(self.betas, tuple(level * factor for level in self.levels), self.variance)

    def time_input(self, i: Tensor) -> Tensor:
        """What the network is given for (B,) indices: their levels, (B,) float32."""
        return torch.tensor(self.levels, dtype=torch.float32, device=i.device)[i]

    def factors(
        self, i: int | Tensor, like: Tensor
    ) -> tuple[float | Tensor, float | Tensor]:
        """sqrt(abar_i) and sqrt(1 - abar_i), shaped to multiply `like`."""
        if isinstance(i, int):
            return float(np.sqrt(self.abar[i])), float(np.sqrt(1 - self.abar[i]))
        signal, sigma = self._pairs_on(i.device)[:, i].to(like).unbind()
        shape = (-1, *[1] * (like.ndim - 1))
        return signal.view(shape), sigma.view(shape)

    @cached_property
    def _tables(self) -> dict[torch.device, Tensor]:
        return {}

    def _pairs_on(self, device: torch.device) -> Tensor:
        """(2, T) both factors where the levels are: fetching those would wait for the device."""
        if device not in self._tables:
            pairs = torch.from_numpy(np.sqrt(np.stack([self.abar, 1 - self.abar])))
            # MPS has no float64; the factors are rounded to float32 in any case.
            self._tables[device] = (pairs.float() if device.type == "mps" else pairs).to(device)
        return self._tables[device]

    def q_sample(self, x0: Tensor, i: int | Tensor, noise: Tensor) -> Tensor:
        """x_i = sqrt(abar_i) x_0 + sqrt(1 - abar_i) noise; `i` one index or (B,) indices."""
        signal, sigma = self.factors(i, x0)
        return signal * x0 + sigma * noise

    def target(self, prediction: Prediction, x0: Tensor, i: int | Tensor, noise: Tensor) -> Tensor:
        """What such a network learns: eps, v (Salimans and Ho 2022) or x_0."""
        if prediction == "eps":
            return noise
        if prediction == "sample":
            return x0
        signal, sigma = self.factors(i, x0)
        return signal * noise - sigma * x0

    def to_eps(self, prediction: Prediction, output: Tensor, x: Tensor, i: int | Tensor) -> Tensor:
        """The network's output as a noise prediction."""
        if prediction == "eps":
            return output
        signal, sigma = self.factors(i, x)
        if prediction == "sample":
            return (x - signal * output) / sigma
        return signal * output + sigma * x

    def predicted_x0(self, eps: Tensor, x: Tensor, i: int) -> Tensor:
        """x_0 = (x - sqrt(1 - abar) eps) / sqrt(abar) (DDPM equation 15)."""
        signal, sigma = self.factors(i, x)
        return (x - sigma * eps) / signal

    def clipped(self, eps: Tensor, x: Tensor, i: int) -> Tensor:
        """The noise prediction whose x_0 lies in [-1, 1]."""
        return self.to_eps("sample", self.predicted_x0(eps, x, i).clamp(-1, 1), x, i)

    def learned_std(self, v: Tensor, i: int) -> Tensor:
        """Standard deviation of a learned range: log-variance between the posterior's and beta's.

        Args:
            v: (B, C, H, W) in [-1, 1], the network's second half (Nichol and Dhariwal 2021,
                equation 15).
        """
        share = (v + 1) / 2
        # The posterior variance is 0 at i = 0, where no noise is added: any other value serves.
        small = float(np.log(self._posterior_variance[max(i, min(1, len(self) - 1))]))
        return (0.5 * (share * float(np.log(self.betas[i])) + (1 - share) * small)).exp()

    def step(
        self, solver: Solver, x: Tensor, eps: Tensor, i: int, z: Tensor | None,
        std: Tensor | None = None,
    ) -> Tensor:
        """x_{i-1} by the named solver; `z` is None at i = 0, where no noise is added.

        Those that remember earlier steps are in `solvers.py`.

        Args:
            std: a learned standard deviation, for the ancestral step alone.
        """
        if solver == "em":
            return self.em_step(x, eps, i, z)
        if solver == "ddim":
            return self.ddim_step(x, eps, i)
        if solver != "ancestral":
            raise ValueError(f"{solver} is not a step of its own: use solvers.make_step")
        return self.ancestral_step(x, eps, i, z, std)

    def ancestral_step(
        self, x: Tensor, eps: Tensor, i: int, z: Tensor | None, std: Tensor | None = None
    ) -> Tensor:
        """x_{i-1} = (x - beta / sqrt(1 - abar) eps) / sqrt(alpha) + sigma_i z (DDPM algorithm 2).

        Args:
            z: None at i = 0. std: replaces sigma_i.
        """
        beta = float(self.betas[i])
        scale = beta / float(np.sqrt(1 - self.abar[i]))
        mean = (x - scale * eps) / float(np.sqrt(1 - beta))
        if z is None:
            return mean
        return mean + (float(np.sqrt(self.step_variance[i])) if std is None else std) * z

    def em_step(self, x: Tensor, eps: Tensor, i: int, z: Tensor | None) -> Tensor:
        """x_{i-1} = (1 + beta/2) x + beta s + sqrt(beta) z, score s = -eps / sqrt(1 - abar).

        Euler-Maruyama of the reverse-time SDE; equals the ancestral step up to O(beta^2) and the
        variance of the noise.
        """
        beta = float(self.betas[i])
        scale = beta / float(np.sqrt(1 - self.abar[i]))
        mean = (1 + beta / 2) * x - scale * eps
        return mean if z is None else mean + float(np.sqrt(beta)) * z

    def ddim_step(self, x: Tensor, eps: Tensor, i: int) -> Tensor:
        """sqrt(abar_{i-1}) x_0 + sqrt(1 - abar_{i-1}) eps, without noise.

        Song, Meng and Ermon, Denoising Diffusion Implicit Models, ICLR 2021, equation 12.
        """
        before = float(self.abar_before[i])
        x0 = self.predicted_x0(eps, x, i)
        return float(np.sqrt(before)) * x0 + float(np.sqrt(1 - before)) * eps

    def noise_scale(self, i: int, solver: Solver) -> float:
        """Standard deviation of the noise that the step at index i adds; 0 at i = 0."""
        if i == 0 or solver in NOISELESS:
            return 0.0
        return float(np.sqrt(self.betas[i] if solver == "em" else self.step_variance[i]))

    def energy_scale(self, i: int, solver: Solver) -> float:
        """How far a step with noise at index i moves along an energy's negative gradient."""
        beta = float(self.betas[i])
        return beta if solver == "em" else beta / float(np.sqrt(1 - beta))


def spaced(top: int, count: int) -> list[int]:
    """`count` indices spread evenly over 0..top-1, both ends included, ascending.

    Equals guided-diffusion's spacing of one section. `count` of 0 means all.
    """
    if count == 0 or count >= top:
        return list(range(top))
    if count == 1:
        return [top - 1]
    return sorted({round(i * (top - 1) / (count - 1)) for i in range(count)})
