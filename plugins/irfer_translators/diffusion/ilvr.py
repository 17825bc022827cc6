"""ILVR: denoise from pure noise, and after each step replace the low frequencies by the source's.

Jooyoung Choi, Sungwon Kim, Yonghyun Jeong, Youngjune Gwon, Sungroh Yoon, "ILVR: Conditioning Method
for Denoising Diffusion Probabilistic Models", ICCV 2021. Checked against numbers of the official
code (MIT).

As in that code: 1000 levels respaced to 100 steps; x_0 clipped to [-1, 1]; phi_N resizes down by
N = 32 (size / 8 here) and up again with Keys' cubic kernel; the last `range_t` = 20 of the steps
are not steered; the source is noised anew at every step, to level t although x is at t - 1
(`ref_level = paper` takes t - 1, as the paper does).

Choices and deviations. The network is the unconditional one that all such methods share here, with
guided-diffusion's larger fixed variance; `ilvr@official` trains the authors' (ADM, 128 channels,
one block per level, attention at 16), which learns the range of its variance, by guided-diffusion's
default loss and with the iterations and rate of the shared one. `bench` has the network and
training of NFER-SDE's baseline; `quick` too, with 10 steps, of which the last 5 are not steered: so
few have to undo what the source's brightness did. `official` in `quick` has 25 levels, the same
betas times 40, and visits all: a range learnt at 1000 levels in so short a training grows without
bound where few of them are visited. The frames of a clip share their noise, so that videos do not
flicker.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from irfer_bench.api import Context
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.learned_range import learned_range_losses
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.process import Prediction, VPProcess
from irfer_translators.diffusion.sampling import (
    Callback,
    EpsModel,
    NoiseSource,
    TimedNet,
    noise_model,
    sample,
)
from irfer_translators.diffusion.score_training import UNCONDITIONAL, ScoreTask
from irfer_translators.diffusion.translator import ClipNoise, DiffusionTranslator


def ilvr(
    eps_model: EpsModel, y: Tensor, process: VPProcess, x_T: Tensor, z: NoiseSource,
    reference_noise: NoiseSource, *, phi: LowPass, range_t: int, before: bool = True,
    callback: Callback | None = None,
) -> Tensor:
    """Images that share the low frequencies of references y (B, C, S, S) in [-1, 1].

    Args:
        process: of the visited levels. x_T: pure noise. z: noise of each step.
        phi: the low-pass phi_N. range_t: indices up to this one are not steered.
        before: the reference at level t, where the step began, and not at t - 1.
    """

    def steer(x: Tensor, i: int) -> Tensor:
        if i <= range_t:
            return x
        level = i if before else i - 1
        y_t = process.q_sample(y, level, reference_noise())
        return phi(y_t) + x - phi(x)

    return sample(eps_model, x_T, process, z, clip=True, project=steer, callback=callback)


def learned_range_loss(
    net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
    prediction: Prediction = "eps",
) -> Tensor:
    """L_simple + L_vlb of an unconditional network; c is not used."""
    x_t = process.q_sample(x0, t, noise)
    simple, vlb = learned_range_losses(net(x_t, t), process, x0, x_t, t, noise, prediction)
    return (simple + vlb).mean()


LEARNED_RANGE = ScoreTask(learned_range_loss, outputs=6, key={"loss": "simple + vlb"})


class Ilvr(DiffusionTranslator[IlvrParams]):
    """The translator; its network is the part `score_net`."""

    name: ClassVar[str] = "ilvr"
    clips: ClassVar[bool] = True
    left_out: ClassVar[str] = "the source's low frequencies replace the image's after a step"

    def task(self) -> ScoreTask:
        """The shared network, or one that learns the range of its variance as the authors' does."""
        return LEARNED_RANGE if self.params.learned_range else UNCONDITIONAL

    def start(self) -> None:
        """Sampling starts from noise."""

    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch."""
        p, process = self.params, self.process()
        with torch.no_grad():
            return ilvr(
                noise_model(self.net("score", ctx), process, p.prediction), c, process,
                noise.stream("start")(), noise.stream("step"), noise.stream("reference"),
                phi=LowPass(p.size, p.filter_factor or p.size // 8, "cubic"), range_t=p.range_t,
                before=p.ref_level == "code", callback=callback,
            )
