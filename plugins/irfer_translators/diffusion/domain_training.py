"""Training of EGSDE's domain classifier on noised images of both domains, as its code trains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from irfer_bench.api import Context, State, TranslationData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.schedules import linear
from irfer_bench.nn.training import module_state, train
from irfer_translators.diffusion.diffusion_params import checkpoint
from irfer_translators.diffusion.domain_net import DomainNet, build_domain_net, shape
from irfer_translators.diffusion.egsde_params import EgsdeParams
from irfer_translators.diffusion.foreign_weights import read_encoder
from irfer_translators.diffusion.frames import FrameBank, build_bank
from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.score_training import check_domain, final_loss

FIELDS = (
    "size", "timesteps", "beta_start", "beta_end", "dse_net", "dse_iterations", "dse_batch",
    "dse_lr", "dse_weight_decay",
)
PROBES = (0, 100, 300, 499, 700)
"""Levels at which the accuracy is reported."""


def domain_part(params: EgsdeParams, data: TranslationData, ctx: Context) -> State:
    """Get or train the part `domain_net`.

    Raises:
        UsageError: a domain is empty. DamagedError: the given checkpoint is of another network.
    """
    key = {name: getattr(params, name) for name in FIELDS}
    key |= {"data": data.key, "seed": ctx.seed, "precision": ctx.precision}
    key |= params.inputs(ctx.weights)
    return ctx.part("domain_net", key, lambda: train_domain_net(params, data, ctx))


def train_domain_net(params: EgsdeParams, data: TranslationData, ctx: Context) -> State:
    """Train it, from the given checkpoint where there is one; with 0 steps that one is used.

    With 0 steps no image is read.

    Returns:
        The weights; the final loss and the accuracy on training images at some levels.
    """
    if params.dse_iterations:
        check_domain(data.source, data.source_domain, "EGSDE's domain classifier")
        check_domain(data.target, data.target_domain, "EGSDE's domain classifier")
    torch.manual_seed(ctx.seed_for("domain_net", "weights"))
    net = build_domain_net(params.dse_net, params.size).to(ctx.device)
    facts: dict[str, Any] = {}
    start = checkpoint(params.dse_weights, ctx.weights)
    if start is not None:
        report = read_encoder(start, net, *shape(params.dse_net, params.size))
        facts["dse_weights_keys"] = report.count()
    if params.dse_iterations == 0:
        return State(module_state(net.eval()), facts)
    banks = (
        build_bank(data.source, params.size, ctx, "source"),
        build_bank(data.target, params.size, ctx, "target"),
    )
    process = VPProcess.linear(params.timesteps, params.beta_start, params.beta_end)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng(ctx.seed_for("domain_net", "batch", str(step)))
        return draw(banks, params.dse_batch, rng, ctx.device)

    def loss(drawn: tuple[Tensor, Tensor]) -> Tensor:
        x0, domain = drawn
        t = torch.randint(params.timesteps, (len(x0),)).to(ctx.device)
        with autocast(ctx):
            logits = net.classify(process.q_sample(x0, t, torch.randn_like(x0)), t)
        return nnf.cross_entropy(logits.float(), domain)

    optimizer = torch.optim.AdamW(
        net.parameters(), params.dse_lr, weight_decay=params.dse_weight_decay, fused=True
    )
    final = train(
        "domain_net", net, steps=params.dse_iterations, batch=batch, loss=loss,
        optimizer=optimizer, ctx=ctx, rate=lambda step: linear(step, params.dse_iterations),
    )
    facts |= probe(net.eval(), banks, process, [t for t in PROBES if t < params.timesteps], ctx)
    return State(module_state(net), {**final_loss("domain_net_loss", final), **facts})


def draw(
    banks: tuple[FrameBank, FrameBank], count: int, rng: np.random.Generator, device: str
) -> tuple[Tensor, Tensor]:
    """`count` images, half of each domain and half of them mirrored, and their domains 0 and 1."""
    parts = [(count + k) // 2 for k in (1, 0)]
    rows = [rng.integers(len(b.pixels), size=n) for b, n in zip(banks, parts, strict=True)]
    x = torch.cat([b.images(r, device) for b, r in zip(banks, rows, strict=True)])
    flipped = torch.from_numpy(rng.random(count) < 0.5).to(device)
    domain = torch.tensor([0] * parts[0] + [1] * parts[1], device=device)
    return torch.where(flipped[:, None, None, None], x.flip(-1), x), domain


@torch.no_grad()
def probe(
    net: DomainNet, banks: tuple[FrameBank, FrameBank], process: VPProcess, at: list[int],
    ctx: Context,
) -> dict[str, float]:
    """The share of 64 training images whose domain is recognized, noised to each level."""
    rng = np.random.default_rng(ctx.seed_for("domain_net", "probe"))
    x0, domain = draw(banks, 64, rng, ctx.device)
    generator = torch.Generator().manual_seed(ctx.seed_for("domain_net", "probe noise"))
    noise = torch.randn(x0.shape, generator=generator).to(ctx.device)
    found = {}
    for level in at:
        t = torch.full((len(x0),), level, device=ctx.device)
        with autocast(ctx):
            logits = net.classify(process.q_sample(x0, t, noise), t)
        found[f"domain_accuracy_t{level}"] = float((logits.argmax(1) == domain).float().mean())
    return found
