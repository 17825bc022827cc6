"""Training of a score network, shared by every diffusion translator with the same settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as nnf

from irfer_bench.api import Clips, Context, State, TranslationData, UsageError
from irfer_bench.nn.device import autocast
from irfer_bench.nn.ema import averaging
from irfer_bench.nn.muon import split_optimizers
from irfer_bench.nn.parts import in_parts
from irfer_bench.nn.schedules import linear, warm_up
from irfer_bench.nn.training import module_state, train
from irfer_translators.diffusion.diffusion_params import DiffusionParams, checkpoint
from irfer_translators.diffusion.foreign_weights import read_score_net
from irfer_translators.diffusion.frames import build_bank, frame_pairs, pairs_key
from irfer_translators.diffusion.process import Prediction, VPProcess
from irfer_translators.diffusion.sampling import TimedNet
from irfer_translators.diffusion.unet import build_unet

FIELDS = (
    "size", "net", "prediction", "timesteps", "beta_start", "beta_end",
    "iterations", "batch", "lr", "weight_decay", "warmup", "decay", "ema", "flip",
)
"""What the score network depends on; energies, landmark networks and samplers do not enter."""


OUTER = ("conv_in", "conv_out")
"""First and last layer, which Muon leaves to AdamW."""


class ScoreLoss(Protocol):
    """A loss of clean target images x0 (B, 3, S, S), sources c and (B,) integer levels t."""

    def __call__(
        self, net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
        prediction: Prediction,
    ) -> Tensor: ...


def unconditional_loss(
    net: TimedNet, process: VPProcess, x0: Tensor, c: Tensor, t: Tensor, noise: Tensor,
    prediction: Prediction = "eps",
) -> Tensor:
    """|| noise - eps_theta(x_t, t) ||^2 (Ho et al., NeurIPS 2020, equation 14); c is not used."""
    output = net(process.q_sample(x0, t, noise), t)
    return nnf.mse_loss(output.float(), process.target(prediction, x0, t, noise))


@dataclass(frozen=True)
class ScoreTask:
    """What a method asks of its score network beyond the parameters of `DiffusionParams`.

    Args:
        loss: of one batch. conditional: it takes the source as three more input channels, and
            learns from pairs.
        outputs: channels; six where it also learns the range of the variance.
        process: of the levels that are trained; None for all levels of the linear schedule.
        key: what loss and process depend on and no parameter in `FIELDS` says.
    """

    loss: ScoreLoss = unconditional_loss
    conditional: bool = False
    outputs: int = 3
    process: VPProcess | None = None
    key: Mapping[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """Channels that the network is given."""
        return 6 if self.conditional else 3


UNCONDITIONAL = ScoreTask()
"""The network that every method without a condition shares."""


def score_net(
    params: DiffusionParams, data: TranslationData, ctx: Context, task: ScoreTask = UNCONDITIONAL
) -> State:
    """Get or train the part `score_net`; equal settings on equal data train once.

    A published checkpoint, where the parameters name one, takes the place of training.
    """
    published = checkpoint(params.weights, ctx.weights)
    if published is not None:
        net = build_unet(params.net, params.size, task.inputs, task.outputs)
        return read_score_net(published, net, params.net)
    key = {name: getattr(params, name) for name in FIELDS}
    if params.muon_lr:
        key["muon_lr"] = params.muon_lr
    key |= {
        "conditional": task.conditional, "seed": ctx.seed, "precision": ctx.precision,
        "data": f"{data.key}+{pairs_key(data)}" if task.conditional else data.target.key,
        **task.key,
    }
    return ctx.part("score_net", key, lambda: train_score_net(params, data, ctx, task))


def train_score_net(
    params: DiffusionParams, data: TranslationData, ctx: Context, task: ScoreTask
) -> State:
    """Train it on the pairs, or on the target images alone where it is unconditional.

    Returns:
        The averaged weights, and the final loss.
    """
    target = build_bank(data.target, params.size, ctx, "target")
    if task.conditional:
        source = build_bank(data.source, params.size, ctx, "source")
        pairs = frame_pairs(data, source, target)
    else:
        source, index = target, np.arange(len(target.pixels))
        pairs = np.stack([index, index], 1)
    full = VPProcess.linear(params.timesteps, params.beta_start, params.beta_end)
    process = task.process or full
    torch.manual_seed(ctx.seed_for("score_net", "weights"))
    net = build_unet(params.net, params.size, task.inputs, task.outputs).to(ctx.device)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng(ctx.seed_for("score_net", "batch", str(step)))
        rows = pairs[rng.integers(len(pairs), size=params.batch)]
        c, x0 = source.images(rows[:, 0], ctx.device), target.images(rows[:, 1], ctx.device)
        if params.flip:
            flipped = torch.from_numpy(rng.random(params.batch) < 0.5).to(ctx.device)
            c, x0 = (torch.where(flipped[:, None, None, None], y.flip(-1), y) for y in (c, x0))
        return c, x0

    def autocast_net(x: Tensor, t: Tensor) -> Tensor:
        with autocast(ctx):
            output: Tensor = net(x, t)
        return output

    def batch_loss(pair: tuple[Tensor, Tensor]) -> Tensor:
        c, x0 = pair
        t = torch.randint(len(process), (len(x0),)).to(ctx.device)
        noise = torch.randn_like(x0)
        return task.loss(whole_net, process, x0, c, t, noise, params.prediction)

    def rate(step: int) -> float:
        falling = params.decay == "linear"
        rest = linear(step, params.iterations, hold=params.warmup) if falling else 1.0
        return warm_up(step, params.warmup) * rest

    optimizer = split_optimizers(net, params.lr, params.muon_lr, params.weight_decay, OUTER)
    averaged, update = averaging(net, params.ema)
    on_cpu = ctx.device == "cpu"
    with in_parts(autocast_net, list(net.parameters()), 0 if on_cpu else 1) as whole_net:
        final = train(
            "score_net", net, steps=params.iterations, batch=batch, loss=batch_loss,
            optimizer=optimizer, ctx=ctx, rate=rate, after_step=update, ema=averaged,
            ahead=0 if on_cpu else 2,
        )
    return State(module_state(averaged), final_loss("score_net_loss", final))


def check_domain(clips: Clips, domain: str, method: str) -> None:
    """Refuse an empty domain before anything is trained.

    Raises:
        UsageError: it has no clip.
    """
    if not len(clips):
        raise UsageError(
            f"{method} learns from {domain} images, and there are none",
            "choose a setting whose training subjects have them",
        )


def check_pairs(data: TranslationData, method: str, advice: str) -> None:
    """Refuse data without pairs.

    Raises:
        UsageError: there are none.
    """
    if not data.pairs:
        raise UsageError(
            f"{method} learns from pairs of visible and target images, and there are none", advice
        )


def final_loss(name: str, loss: float) -> dict[str, Any]:
    """The final loss by name; nothing where no step was taken and there is none."""
    return {name: loss} if math.isfinite(loss) else {}
