"""Training of a score network against a plain loop, and its networks in bfloat16.

Processor time on one thread.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from diffusers import DDPMScheduler
from torch import nn
from torch.nn import functional as nnf

from irfer_bench.contracts.params import resolve
from irfer_bench.nn.schedules import linear, warm_up
from irfer_bench.testing.faces import translation_data
from irfer_bench.testing.memory import MemoryContext
from irfer_translators.diffusion.diffusion_params import DiffusionParams
from irfer_translators.diffusion.frames import build_bank
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.nfer_sde_translator import conditional_task
from irfer_translators.diffusion.score_training import UNCONDITIONAL, train_score_net
from irfer_translators.diffusion.sdedit_params import SdEditParams
from irfer_translators.diffusion.unet import build_unet
from tests.benchmarks.diffusion import cpu_seconds, images, made


def training_steps(tiny: bool, *, conditional: bool = False) -> tuple[float, float]:
    """Steps of a score network of `quick`: ours, and diffusers with a plain AdamW.

    The network is the one that every method without a condition shares, or NFER-SDE's. Both sides
    draw the same images, levels and noise, and must end at the same averaged weights.
    """
    given: dict[str, Any] = {"iterations": 12, "flip": False, "muon_lr": 0.0}
    if tiny:
        given |= {"size": 16, "iterations": 2, "batch": 2}
    p: DiffusionParams
    if conditional:
        p = resolve(NferSdeParams, component="nfer_sde", preset="quick", given=given)
        task, loss_of = conditional_task(p), nnf.l1_loss
    else:
        p = resolve(SdEditParams, component="sdedit", preset="quick", given=given)
        task, loss_of = UNCONDITIONAL, nnf.mse_loss
    data, ctx = translation_data(), MemoryContext()

    def plainly() -> nn.Module:
        source, target = (
            build_bank(clips, p.size, ctx, "plain") for clips in (data.source, data.target))
        torch.manual_seed(ctx.seed_for("score_net", "weights"))
        net = build_unet(p.net, p.size, 6 if conditional else 3, 3)
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
            rows = rng.integers(len(target.pixels), size=p.batch)
            c, x0 = source.images(rows, "cpu"), target.images(rows, "cpu")
            t = torch.randint(p.timesteps, (len(x0),))
            noise = torch.randn_like(x0)
            x = scheduler.add_noise(x0, noise, t)
            output = net(torch.cat([x, c], 1) if conditional else x, t)
            optimizer.zero_grad()
            loss_of(output, x0).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            rate.step()
            kept = min(p.ema, (1 + step) / (10 + step))
            with torch.no_grad():
                for a, b in zip(averaged.parameters(), net.parameters(), strict=True):
                    a.mul_(kept).add_(b, alpha=1 - kept)
        return averaged

    found: dict[str, dict[str, torch.Tensor]] = {}

    def ours() -> None:
        state = train_score_net(p, data, ctx, task)
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
