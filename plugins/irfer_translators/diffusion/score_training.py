"""Training of a score network: simple eps, v or x_0 mean squared error (Ho et al. 2020, eq. 14)."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import Context, State, TranslationData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.training import module_state, train
from irfer_translators.diffusion.frames import build_bank, frame_pairs
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.unet import build_unet

FIELDS = (
    "size", "net", "conditional", "prediction", "timesteps", "beta_start", "beta_end",
    "iterations", "batch", "lr", "weight_decay", "warmup", "decay", "ema", "flip",
)
"""What the score network depends on: not the landmark network, not the weights of energies."""


def score_key(params: NferSdeParams, data_key: str, ctx: Context) -> dict[str, Any]:
    """Everything the trained network depends on."""
    chosen = {name: getattr(params, name) for name in FIELDS}
    return {**chosen, "data": data_key, "seed": ctx.seed, "precision": ctx.precision}


def train_score_net(params: NferSdeParams, data: TranslationData, ctx: Context) -> State:
    """Train it on the pairs, or on the target images alone where it is unconditional.

    Returns:
        The averaged weights, and the final loss.
    """
    target = build_bank(data.target, params.size, ctx, "target")
    if params.conditional:
        source = build_bank(data.source, params.size, ctx, "source")
        pairs = frame_pairs(data, source, target)
    else:
        source, index = target, np.arange(len(target.pixels))
        pairs = np.stack([index, index], 1)
    process = VPProcess.linear(params.timesteps, params.beta_start, params.beta_end)
    torch.manual_seed(ctx.seed_for("score_net", "weights"))
    net = build_unet(params.net, params.size, 6 if params.conditional else 3, 3).to(ctx.device)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng(ctx.seed_for("score_net", "batch", str(step)))
        rows = pairs[rng.integers(len(pairs), size=params.batch)]
        c, x0 = source.images(rows[:, 0], ctx.device), target.images(rows[:, 1], ctx.device)
        if params.flip:
            flipped = torch.from_numpy(rng.random(params.batch) < 0.5).to(ctx.device)
            c, x0 = (torch.where(flipped[:, None, None, None], y.flip(-1), y) for y in (c, x0))
        return c, x0

    def loss(pair: tuple[Tensor, Tensor]) -> Tensor:
        c, x0 = pair
        t = torch.randint(params.timesteps, (len(x0),)).to(ctx.device)
        noise = torch.randn_like(x0)
        x = process.q_sample(x0, t, noise)
        with autocast(ctx):
            output = net(torch.cat([x, c], 1) if params.conditional else x, t)
        return nnf.mse_loss(output.float(), process.target(params.prediction, x0, t, noise))

    optimizer = torch.optim.AdamW(
        net.parameters(), params.lr, weight_decay=params.weight_decay, fused=True
    )
    averaged, update = averaging(net, params.ema)
    final = train(
        "score_net", net, steps=params.iterations, batch=batch, loss=loss, optimizer=optimizer,
        ctx=ctx, rate=ramp(params.iterations, params.warmup, params.decay == "linear"),
        after_step=update, ema=averaged,
    )
    return State(module_state(averaged), facts("score_net_loss", final))


def facts(name: str, loss: float) -> dict[str, float]:
    """The final loss by name; nothing where no step was taken and there is none."""
    return {name: loss} if math.isfinite(loss) else {}


def averaging(net: nn.Module, decay: float) -> tuple[nn.Module, Callable[[int], None]]:
    """Exponentially averaged weights, and the update to call after each step.

    The decay starts low, (1 + step) / (10 + step), so that the random start is forgotten.
    """
    averaged = copy.deepcopy(net).requires_grad_(False)

    @torch.no_grad()
    def update(step: int) -> None:
        kept = min(decay, (1 + step) / (10 + step))
        own = list(averaged.state_dict().values())
        new = list(net.state_dict().values())
        for a, b in zip(own, new, strict=True):
            a.lerp_(b, 1 - kept) if a.is_floating_point() else a.copy_(b)

    return averaged, update


def ramp(steps: int, warmup: int, decay: bool) -> Callable[[int], float]:
    """Linear warm-up, then constant or linear to zero: a multiplier of the learning rate."""

    def rate(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup)) if decay else 1.0

    return rate
