"""T2V-DDPM: a diffusion of target images that sees the source, trained on 100 levels of noise.

Nithin Gopalakrishnan Nair, Vishal M. Patel, "T2V-DDPM: Thermal to Visible Face Translation using
Denoising Diffusion Probabilistic Models", FG 2023. Checked against numbers of the published code
(Apache-2.0, on guided-diffusion, MIT).

As in that code: 1000 levels respaced to 100, in training too, so that no other level is ever
learned; the source joins the noised image as three more channels; six output channels, the noise
and the range of the variance; loss L_simple + L_vlb, the second unscaled; AdamW 1e-5, batch 16,
100,000 steps; no averaged weights and no flips; x_0 clipped to [-1, 1]. `t2v_ddpm@fast` is the
paper's faster sampling: the source, noised to level 60 of 100, then levels 59 to 0.

Choices and deviations. 256 px, as in NFER-SDE's tables, where the scripts have 128; sampling from
noise is the default; float32 or bfloat16, where the scripts have float16; random initial weights;
pixels of a fixed training image that the authors' test preparation pastes in are for thermal images
and left out. `bench`: a 128-channel U-Net, lr 1e-4 with warm-up, 60,000 steps. `quick`: NFER-SDE's
small network and training, which predicts x_0, averaged weights and joint flips, 10 levels, a
variational term of weight 0.001, because a short training otherwise learns little but variances.
The frames of a clip share their noise, so that videos do not flicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from irfer_bench.api import Context
from irfer_translators.diffusion.learned_range import learned_range_losses
from irfer_translators.diffusion.process import Prediction, VPProcess, spaced
from irfer_translators.diffusion.sampling import (
    Callback,
    NoiseSource,
    TimedNet,
    noise_model,
    sample,
)
from irfer_translators.diffusion.score_training import ScoreTask
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from irfer_translators.diffusion.translator import ClipNoise, DiffusionTranslator


def t2v_losses(
    net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
    prediction: Prediction = "eps",
) -> tuple[Tensor, Tensor]:
    """L_simple and L_vlb per sample (B,) of the network's [eps, v] for [x_t, c]."""
    x_t = process.q_sample(x0, t, noise)
    output = net(torch.cat([x_t, c], 1), process.time_input(t))
    return learned_range_losses(output, process, x0, x_t, t, noise, prediction)


def t2v_sample(
    net: TimedNet, c: Tensor, process: VPProcess, e: Tensor, z: NoiseSource, *, skip: int = 0,
    prediction: Prediction = "eps", callback: Callback | None = None,
) -> Tensor:
    """Translate images c (B, 3, S, S) in [-1, 1].

    Args:
        process: of all trained levels, S of them. e: noise of the start. z: noise of each step.
        skip: 0 starts from pure noise. k starts from the source noised to index S - k, and then
            steps from index S - k - 1: one lower, as the published code does.
    """
    x = process.q_sample(c, len(process) - skip, e) if skip else e
    visited = process.respaced(range(len(process) - skip))
    eps_model = noise_model(lambda x, t: net(torch.cat([x, c], 1), t), visited, prediction)
    return sample(eps_model, x, visited, z, clip=True, callback=callback)


class T2vDdpm(DiffusionTranslator[T2vDdpmParams]):
    """The translator; its network is the part `score_net`, with a condition."""

    name: ClassVar[str] = "t2v_ddpm"
    clips: ClassVar[bool] = True

    def task(self) -> ScoreTask:
        """The noise and its variance, at the levels that are trained."""
        p = self.params

        def loss(
            net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
            prediction: Prediction,
        ) -> Tensor:
            simple, vlb = t2v_losses(net, process, x0, c, t, noise, prediction)
            return (simple + p.vb_weight * vlb).mean()

        key = {"loss": "simple + vlb", "levels": p.levels, "vb_weight": p.vb_weight}
        return ScoreTask(loss, conditional=True, outputs=6, process=self.trained(), key=key)

    def trained(self) -> VPProcess:
        """The levels that the network learns; their numbers are fed as if there were 1000."""
        p = self.params
        full = VPProcess.linear(p.timesteps, p.beta_start, p.beta_end)
        return full.respaced(spaced(p.timesteps, p.levels)).rescaled(1000 / p.timesteps)

    def visited(self) -> Sequence[int]:
        """All trained levels but those that are skipped."""
        trained = self.trained()
        return range(len(trained) - self._skipped(trained))

    def start(self) -> int | None:
        """One above the first that is visited, or noise."""
        return len(self.visited()) if self._skipped(self.trained()) else None

    def _skipped(self, trained: VPProcess) -> int:
        return len(trained) * self.params.skip // 100

    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch."""
        trained = self.trained()
        with torch.no_grad():
            return t2v_sample(
                self.net("score", ctx), c, trained, noise.stream("start")(), noise.stream("step"),
                skip=self._skipped(trained), prediction=self.params.prediction, callback=callback,
            )
