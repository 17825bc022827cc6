"""SR3: a diffusion of target images, conditioned on the source and on the level of noise.

Chitwan Saharia, Jonathan Ho, William Chan, Tim Salimans, David J. Fleet, Mohammad Norouzi, "Image
Super-Resolution via Iterative Refinement", TPAMI 2022. The authors released no code; this was
checked against numbers of the unofficial one that is usually run (Apache-2.0).

As in that code: T = 2000 levels, linear beta from 1e-6 to 1e-2; the network sees [c, x_t] and the
noise level gamma = sqrt(abar), drawn uniformly between two neighbouring levels, the pair once per
batch; L1 loss per pixel; Adam 1e-4, batch 4, 1,000,000 steps, dropout 0.2, orthogonal initial
weights; no averaged weights; 2000 ancestral steps from pure noise with x_0 clipped to [-1, 1].

Choices and deviations. The source is the whole visible image, not a low-resolution one. 256 px with
attention at 16, where the code's face model has 128 px. Every image of a batch is returned; the
code returns the last. `bench`: a 128-channel ADM U-Net fed with 1000 gamma, batch 16, 100,000
steps, 100 evenly spaced sampling steps. `quick`: NFER-SDE's small network and training,
which predicts x_0, a level per image, averaged weights, 10 steps. Joint flips of a pair. The frames
of a clip share their noise, so that videos do not flicker.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from irfer_bench.api import Context
from irfer_translators.diffusion.process import Prediction, VPProcess
from irfer_translators.diffusion.sampling import (
    Callback,
    NoiseSource,
    TimedNet,
    noise_model,
    sample,
)
from irfer_translators.diffusion.score_training import ScoreTask
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.translator import ClipNoise, DiffusionTranslator


def noise_levels(process: VPProcess) -> Tensor:
    """(T + 1,) gamma_0 = 1 and gamma_t = sqrt(abar_{t-1}), float64."""
    return torch.from_numpy(np.sqrt(np.append(1.0, process.abar)))


def draw_levels(process: VPProcess, t: Tensor) -> Tensor:
    """(B,) gamma, uniform between gamma_t and gamma_{t+1} of 0-based indices t."""
    table = noise_levels(process).to(t.device, torch.float32)
    return table[t + 1] + (table[t] - table[t + 1]) * torch.rand(len(t), device=t.device)


def sr3_loss(
    net: TimedNet, x0: Tensor, c: Tensor, gamma: Tensor, noise: Tensor,
    prediction: Prediction = "eps", norm: Literal["l1", "l2"] = "l1", scale: float = 1.0,
) -> Tensor:
    """|| noise - f_theta([c, x_gamma], gamma) ||_1 per pixel, or its square.

    Args:
        gamma: (B,) noise levels. scale: the network is given scale * gamma.
    """
    signal = gamma.view(-1, 1, 1, 1)
    sigma = (1 - signal**2).clamp_min(0).sqrt()
    x = signal * x0 + sigma * noise
    output = net(torch.cat([c, x], 1), scale * gamma).float()
    target = {"eps": noise, "sample": x0, "v": signal * noise - sigma * x0}[prediction]
    return nnf.l1_loss(output, target) if norm == "l1" else nnf.mse_loss(output, target)


def sr3_sample(
    net: TimedNet, c: Tensor, process: VPProcess, x_T: Tensor, z: NoiseSource, *,
    prediction: Prediction = "eps", callback: Callback | None = None,
) -> Tensor:
    """Translate images c (B, 3, S, S) in [-1, 1] from pure noise x_T.

    Args:
        process: of the visited levels, whose time inputs are noise levels. z: of each step.
    """
    eps_model = noise_model(lambda x, gamma: net(torch.cat([c, x], 1), gamma), process, prediction)
    return sample(eps_model, x_T, process, z, clip=True, callback=callback)


def by_noise_level(process: VPProcess, scale: float = 1.0) -> VPProcess:
    """The same process, whose network is given scale * sqrt(abar) in the place of a level."""
    gammas = scale * np.sqrt(process.abar)
    return VPProcess(process.betas, tuple(gammas.tolist()), process.variance)


class Sr3(DiffusionTranslator[Sr3Params]):
    """The translator; its network is the part `score_net`, with a condition."""

    name: ClassVar[str] = "sr3"
    joined: ClassVar[tuple[str, str]] = ("source", "x_t")
    clips: ClassVar[bool] = True

    def task(self) -> ScoreTask:
        """The loss of a noise level, which is drawn per batch or per image."""
        p = self.params

        def loss(
            net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
            prediction: Prediction,
        ) -> Tensor:
            t = t[:1].expand_as(t) if p.level_draw == "batch" else t
            gamma = draw_levels(process, t)
            return sr3_loss(net, x0, c, gamma, noise, prediction, p.loss, self.scale)

        key = {"loss": f"{p.loss} of a noise level", "level_draw": p.level_draw}
        return ScoreTask(loss, conditional=True, key=key)

    @property
    def scale(self) -> float:
        """SR3's own network takes gamma itself; the others expect levels up to a thousand."""
        return 1.0 if self.params.net == "sr3" else 1000.0

    def trained(self) -> VPProcess:
        """All levels, by their gamma."""
        return by_noise_level(super().trained(), self.scale)

    def start(self) -> None:
        """Sampling starts from noise."""

    def process(self) -> VPProcess:
        """The levels that sampling visits, by their gamma."""
        return by_noise_level(super().process(), self.scale)

    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch."""
        with torch.no_grad():
            return sr3_sample(
                self.net("score", ctx), c, self.process(), noise.stream("start")(),
                noise.stream("step"), prediction=self.params.prediction, callback=callback,
            )
