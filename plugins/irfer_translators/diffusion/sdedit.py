"""SDEdit: noise the source image to a middle level, then denoise it with a model of the target.

Chenlin Meng, Yutong He, Yang Song, Jiaming Song, Jiajun Wu, Jun-Yan Zhu, Stefano Ermon, "SDEdit:
Guided Image Synthesis and Editing with Stochastic Differential Equations", ICLR 2022. Written from
the paper's algorithms 4 and 5 (VP-SDE) and checked against numbers of the official code (MIT).

Choices and deviations. M = 500 of 1000 levels and K = 1 round, as the official commands and EGSDE's
comparison translate images; K = 3, the official default, erodes identity, because each round noises
the result anew. The whole image is edited, so a translation has no mask. The network is the
unconditional one that all such methods share here, and the authors' own U-Net is `net = ddpm`.
`bench` and `quick` have the network, training and steps of the presets of NFER-SDE's baseline. The
frames of a clip share their noise, so that videos do not flicker.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from irfer_bench.api import Context
from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.sampling import (
    Callback,
    EpsModel,
    NoiseSource,
    noise_model,
    sample,
)
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.translator import ClipNoise, DiffusionTranslator


def sdedit(
    eps_model: EpsModel, x0: Tensor, process: VPProcess, e: NoiseSource, z: NoiseSource, *,
    rounds: int = 1, kept: Tensor | None = None, callback: Callback | None = None,
) -> Tensor:
    """Edit images x0 (B, C, S, S) in [-1, 1]; the result is not clipped.

    Args:
        process: of the visited levels; the last is M. e: noise of each round's start.
        z: noise of each step.
        kept: (C, S, S) bool, pixels that are not edited (algorithm 5); None edits all.
    """
    M = len(process) - 1
    for _ in range(rounds):
        source, start = x0, e()

        def keep(x: Tensor, i: int, source: Tensor = source, start: Tensor = start) -> Tensor:
            # The official code noises kept pixels to level i, although x is at i - 1.
            return x if kept is None else torch.where(kept, process.q_sample(source, i, start), x)

        x = process.q_sample(source, M, start)
        x = sample(eps_model, x, process, z, project=keep, callback=callback)
        x0 = x if kept is None else torch.where(kept, source, x)
    return x0


class SdEdit(DiffusionTranslator[SdEditParams]):
    """The translator; its network is the unconditional part `score_net`."""

    name: ClassVar[str] = "sdedit"

    def sample(self, c: Tensor, noise: ClipNoise, ctx: Context, callback: Callback) -> Tensor:
        """Translate a batch."""
        p, process = self.params, self.process()
        eps_model = noise_model(self.net("score", ctx), process, p.prediction)
        return sdedit(
            eps_model, c, process, noise.stream("start"), noise.stream("step"), rounds=p.rounds,
            callback=callback,
        )
