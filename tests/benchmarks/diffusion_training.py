"""Training of a score network against a plain loop, and its networks in bfloat16.

Processor time on one thread.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import nn
from torch.nn import functional as nnf

from irfer_bench.contracts.params import resolve
from irfer_bench.nn.schedules import linear, warm_up
from irfer_bench.testing.faces import translation_data
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.frames import build_bank
from irfer_translators.diffusion.score_training import UNCONDITIONAL, train_score_net
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.unet import build_unet
from tests.benchmarks.diffusion import cpu_seconds, images, made


def training_steps(tiny: bool) -> tuple[float, float]:
    """Steps of the unconditional network of `quick`: ours, and diffusers with a plain AdamW.

    Both draw the same images, levels and noise, and must end at the same averaged weights.
    """
    given = {"size": 16, "iterations": 2, "batch": 2} if tiny else {"iterations": 12}
    p = resolve(SdEditParams, component="sdedit", preset="quick", given={**given, "flip": False})
    data, ctx = translation_data(), MemoryContext()

    def plainly() -> nn.Module:
        bank = build_bank(data.target, p.size, ctx, "target")
        torch.manual_seed(ctx.seed_for("score_net", "weights"))
        net = build_unet(p.net, p.size, 3, 3)
        averaged = copy.deepcopy(net)
        scheduler = DDPMScheduler(p.timesteps, p.beta_start, p.beta_end)
        optimizer = torch.optim.AdamW(net.parameters(), p.lr, weight_decay=p.weight_decay)
        rate = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: warm_up(step, p.warmup) * linear(step, p.iterations, hold=p.warmup),
        )
        for step in range(p.iterations):
            torch.manual_seed(ctx.seed_for("score_net", "step", str(step)))
            rng = np.random.default_rng(ctx.seed_for("score_net", "batch", str(step)))
            x0 = bank.images(rng.integers(len(bank.pixels), size=p.batch), "cpu")
            t = torch.randint(p.timesteps, (len(x0),))
            noise = torch.randn_like(x0)
            output = net(scheduler.add_noise(x0, noise, t), t)
            optimizer.zero_grad()
            nnf.mse_loss(output, x0).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            rate.step()
            kept = min(p.ema, (1 + step) / (10 + step))
            with torch.no_grad():
                for a, b in zip(averaged.parameters(), net.parameters(), strict=True):
                    a.mul_(kept).add_(b, alpha=1 - kept)
        return averaged

    found: dict[str, dict[str, torch.Tensor]] = {}

    def ours() -> None:
        state = train_score_net(p, data, ctx, UNCONDITIONAL)
        found["ours"] = {name: torch.as_tensor(value) for name, value in state.tensors.items()}

    def other() -> None:
        found["plain"] = dict(plainly().state_dict())

    seconds = cpu_seconds(ours), cpu_seconds(other)
    for name, value in found["plain"].items():
        torch.testing.assert_close(found["ours"][name], value, rtol=0, atol=1e-3)
    return seconds


def bf16_networks(tiny: bool) -> tuple[float, float]:
    """A forward pass of the network of `bench` at 64 px, four images: bfloat16, and float32."""
    method = made("sdedit", "quick" if tiny else "bench", size=16 if tiny else 64)
    x = images(1 if tiny else 4, method.params.size)
    t = torch.full((len(x),), 100.0)

    def forward(precision: str) -> float:
        net = method.net("score", MemoryContext(precision=precision))
        with torch.no_grad():
            net(x, t)
            return cpu_seconds(lambda: net(x, t))

    return forward("bf16"), forward("fp32")
