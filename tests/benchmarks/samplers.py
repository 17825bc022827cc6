"""Samplers that start from noise against straightforward loops, in processor time on one thread.

The loop takes one image at a time and writes DDPM's posterior down (equations 7 and 15), with the
predicted image cut to -1..1, ILVR's exchange of low frequencies, T2V's learned variance and SR3's
noise level in the place of a step's number. It must give the same images.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from irfer_bench.contracts.params import resolve
from irfer_translators.diffusion.ilvr import Ilvr
from irfer_translators.diffusion.ilvr_params import IlvrParams
from irfer_translators.diffusion.lowpass import LowPass
from irfer_translators.diffusion.sr3 import Sr3
from irfer_translators.diffusion.sr3_params import Sr3Params
from irfer_translators.diffusion.t2v_ddpm import T2vDdpm
from irfer_translators.diffusion.t2v_ddpm_params import T2vDdpmParams
from irfer_translators.diffusion.translator import ClipNoise
from irfer_translators.diffusion.unet import build_unet, freeze
from tests.benchmarks.diffusion import cpu_seconds, images, noise, translate

CHANNELS = {"ilvr": (3, 3), "sr3": (6, 3), "t2v_ddpm": (6, 6)}
METHODS: dict[str, tuple[Any, Any]] = {
    "ilvr": (Ilvr, IlvrParams), "sr3": (Sr3, Sr3Params), "t2v_ddpm": (T2vDdpm, T2vDdpmParams),
}


def against_reference(name: str, tiny: bool) -> tuple[float, float]:
    """16 images through a random network of `quick`: ours, and the straightforward loop."""
    cls, params = METHODS[name]
    method = cls(resolve(
        params, component=name, preset="quick", given={"size": 16} if tiny else {}))
    p = method.params
    torch.manual_seed(0)
    method.nets = {"score": freeze(build_unet(p.net, p.size, *CHANNELS[name]))}
    c = images(2 if tiny else 16, p.size)
    noises = [noise(method, [k], c) for k in range(len(c))]

    def plainly() -> Tensor:
        rows = zip(c.split(1), noises, strict=True)
        return torch.cat([reference(method, name, row, draws()) for row, draws in rows])

    torch.testing.assert_close(translate(method, c), plainly(), rtol=0, atol=2e-2)
    return cpu_seconds(lambda: translate(method, c)), cpu_seconds(plainly)


@torch.no_grad()
def reference(method: Any, name: str, c: Tensor, draws: ClipNoise) -> Tensor:
    """One image by the equations."""
    p, process, net = method.params, method.process(), method.nets["score"]
    x, z, y_noise = draws.stream("start")(), draws.stream("step"), draws.stream("reference")
    low = LowPass(p.size, p.size // 8, "cubic")
    for i in reversed(range(len(process))):
        abar, before, beta = process.abar[i], process.abar_before[i], process.betas[i]
        given = {"ilvr": [x], "sr3": [c, x], "t2v_ddpm": [x, c]}[name]
        output = net(torch.cat(given, 1), torch.full((1,), float(process.levels[i])))
        eps = process.to_eps(p.prediction, output[:, :3], x, i)
        x_0 = ((x - float(np.sqrt(1 - abar)) * eps) / float(np.sqrt(abar))).clamp(-1, 1)
        x = (
            float(np.sqrt(before) * beta / (1 - abar)) * x_0
            + float(np.sqrt(1 - beta) * (1 - before) / (1 - abar)) * x
        )
        if i:
            variance = torch.tensor(process.step_variance[i])
            if name == "t2v_ddpm":
                share, posterior = (output[:, 3:] + 1) / 2, beta * (1 - before) / (1 - abar)
                variance = torch.exp(share * np.log(beta) + (1 - share) * np.log(posterior))
            x = x + variance.sqrt().float() * z()
        if name == "ilvr" and i > p.range_t:
            x = x - low(x) + low(process.q_sample(c, i, y_noise()))
    return x
