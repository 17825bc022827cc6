"""Training of H(x, t): heat maps of noised faces of both domains; the recipe is chosen here."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import Clip, Context, State, TranslationData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.ema import averaging
from irfer_bench.nn.muon import split_optimizers
from irfer_bench.nn.parts import in_parts
from irfer_bench.nn.schedules import cosine, warm_up
from irfer_bench.nn.training import module_state, train
from irfer_translators.diffusion.diffusion_params import checkpoint
from irfer_translators.diffusion.foreign_weights import read_exported
from irfer_translators.diffusion.frames import FrameBank, build_bank, normalized_landmarks
from irfer_translators.diffusion.landmark_net import (
    PriorUNet,
    augment,
    build_landmark_net,
    heat_maps,
    normalized_error,
    peaks,
)
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams
from irfer_translators.diffusion.process import VPProcess
from irfer_translators.diffusion.score_training import OUTER, final_loss

FIELDS = (
    "size", "timesteps", "beta_start", "beta_end", "h_levels", "h_net", "h_sigma",
    "h_augment", "h_iterations", "h_batch", "h_lr", "h_warmup", "h_weight_decay", "h_ema",
)
PROBES = (0, 100, 300, 499, 700)
"""Levels at which the error of the found landmarks is reported."""


def landmark_part(params: NferSdeParams, data: TranslationData, ctx: Context) -> State:
    """Get or train the part `landmark_net`; equal settings on equal data train once.

    An exported one, where the file that `weights` names holds it, takes the place of training.

    Raises:
        MissingError: a clip has no landmarks. DamagedError: the file's network is another one.
    """
    file = checkpoint(params.weights, ctx.weights)
    if file is not None:
        net = build_landmark_net(params.h_net, params.size)
        given = read_exported(file, net, "landmarks", f"the landmark network {params.h_net!r}")
        if given is not None:
            return given
    key = {name: getattr(params, name) for name in FIELDS}
    if params.h_muon_lr:
        key["h_muon_lr"] = params.h_muon_lr
    key |= {"data": data.key, "seed": ctx.seed, "precision": ctx.precision}
    return ctx.part("landmark_net", key, lambda: train_landmark_net(params, data, ctx))


def train_landmark_net(params: NferSdeParams, data: TranslationData, ctx: Context) -> State:
    """Train it on both domains, half and half.

    Returns:
        The averaged weights; the final loss and the NME on training images at some levels, beside
        that of the mean landmarks, which a network has to be below to know anything of an image.

    Raises:
        MissingError: a clip has no landmarks.
    """
    banks = [bank for bank in read_banks(params.size, data, ctx) if len(bank.pixels)]
    process = VPProcess.linear(params.timesteps, params.beta_start, params.beta_end)
    top = params.h_levels or params.timesteps
    torch.manual_seed(ctx.seed_for("landmark_net", "weights"))
    net = build_landmark_net(params.h_net, params.size).to(ctx.device)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng(ctx.seed_for("landmark_net", "batch", str(step)))
        images, points = draw(banks, params.h_batch, rng, ctx.device)
        seed = ctx.seed_for("landmark_net", "augment", str(step))
        return augment(images, points, torch.Generator().manual_seed(seed), params.h_augment)

    def autocast_net(x: Tensor, t: Tensor) -> Tensor:
        with autocast(ctx):
            maps: Tensor = net(x, t)
        return maps

    def loss(drawn: tuple[Tensor, Tensor]) -> Tensor:
        x0, points = drawn
        t = torch.randint(top, (len(x0),)).to(ctx.device)
        x = process.q_sample(x0, t, torch.randn_like(x0))
        maps = whole_net(x, t)
        expected = heat_maps(points, maps.shape[-1], params.h_sigma)
        # Summed over maps: their mean is so small that Adam's epsilon would swallow its gradients.
        return nnf.mse_loss(maps.float(), expected, reduction="sum") / len(x0)

    if isinstance(net, PriorUNet):
        net.set_prior(torch.cat([
            heat_maps(batch(step)[1], net.prior.shape[-1], params.h_sigma) for step in range(8)
        ]))

    def rate(step: int) -> float:
        return warm_up(step, params.h_warmup + 1) * cosine(step, params.h_iterations, 1.0)

    optimizer = split_optimizers(
        net, params.h_lr, params.h_muon_lr, params.h_weight_decay, (*OUTER, "prior")
    )
    averaged, update = averaging(net, params.h_ema)
    parts = 0 if ctx.device == "cpu" else 1
    with in_parts(autocast_net, list(net.parameters()), parts) as whole_net:
        final = train(
            "landmark_net", net, steps=params.h_iterations, batch=batch, loss=loss,
            optimizer=optimizer, ctx=ctx, rate=rate, after_step=update, ema=averaged,
        )
    errors = probe(averaged.eval(), banks, process, [t for t in PROBES if t < top], ctx)
    return State(module_state(averaged), {**final_loss("landmark_net_loss", final), **errors})


def read_banks(size: int, data: TranslationData, ctx: Context) -> tuple[FrameBank, FrameBank]:
    """Source and target frames with landmarks.

    A target clip without landmarks takes those of its frame-aligned partner.
    """
    source = build_bank(data.source, size, ctx, "source", lambda _, c: normalized_landmarks(c))
    partner = {} if data.weak_pairs else {b: a for a, b in data.pairs}

    def of_target(position: int, clip: Clip) -> Any:
        a = partner.get(position)
        if clip.landmarks is None and a is not None:
            points = source.points[source.first[a] : source.first[a + 1]]
            if len(points) == len(clip.frames):
                return points
        return normalized_landmarks(clip)

    return source, build_bank(data.target, size, ctx, "target", of_target)


def draw(
    banks: list[FrameBank], count: int, rng: np.random.Generator, device: str
) -> tuple[Tensor, Tensor]:
    """`count` images and their landmarks, in equal parts from each bank."""
    parts = [(count + k) // len(banks) for k in range(len(banks))]
    rows = [rng.integers(len(b.pixels), size=n) for b, n in zip(banks, parts, strict=True)]
    images = torch.cat([b.images(r, device) for b, r in zip(banks, rows, strict=True)])
    points = np.concatenate([b.points[r] for b, r in zip(banks, rows, strict=True)])
    return images, torch.from_numpy(points).to(device)


@torch.no_grad()
def probe(
    net: nn.Module, banks: list[FrameBank], process: VPProcess, at: list[int], ctx: Context
) -> dict[str, float]:
    """NME of the mean landmarks, and of the peaks on some training images noised to each level."""
    rng = np.random.default_rng(ctx.seed_for("landmark_net", "probe"))
    x0, points = draw(banks, 32, rng, ctx.device)
    generator = torch.Generator().manual_seed(ctx.seed_for("landmark_net", "probe noise"))
    noise = torch.randn(x0.shape, generator=generator).to(ctx.device)
    mean = torch.from_numpy(np.concatenate([bank.points for bank in banks]).mean(0)).to(points)
    found = {"landmark_nme_mean": float(normalized_error(mean, points).mean())}
    for level in at:
        t = torch.full((len(x0),), level, device=ctx.device)
        with autocast(ctx):
            maps = net(process.q_sample(x0, t, noise), t)
        errors = normalized_error(peaks(maps.float()), points)
        found[f"landmark_nme_t{level}"] = float(errors.mean())
    return found
