"""Training against discriminators: order of images, rates, and the step loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from irfer_bench.api import Context, UsageError
from irfer_bench.nn.loop import Losses, run_steps
from irfer_translators.diffusion.frames import FrameBank
from irfer_translators.gan.gan_params import GanParams

LARGEST_LOSS = 1e4
"""A loss above this has exploded: least squares, cross entropy and weighted L1 losses of images in
[-1, 1] stay below some hundreds."""
Batch = tuple[Tensor, Tensor]
"""Source and target images, (B, 3, S, S) in [-1, 1]."""


class GanStep(Protocol):
    """One step of a method: updates its networks and returns all losses by name."""

    @property
    def nets(self) -> Mapping[str, nn.Module]: ...
    @property
    def optimizers(self) -> Mapping[str, torch.optim.Optimizer]: ...

    def __call__(self, number: int, batch: Batch) -> Losses: ...


class ImageOrder:
    """Rows of `pairs` for each step: pass after pass over all of them, each in a random order.

    Args:
        pairs: (N, 2) frame indices of source and target.
        targets: without partners, how many target frames there are to draw from; 0 keeps pairs.
    """

    def __init__(
        self, pairs: Any, params: GanParams, seed_for: Callable[..., int], targets: int = 0
    ) -> None:
        self.pairs, self.params, self.targets = pairs, params, targets
        self._seed_for = seed_for
        self._order: tuple[int, Any] = (-1, None)

    def rows(self, step: int) -> Any:
        """(batch, 2) frame indices of a step, from its number alone."""
        first = step * self.params.batch
        places = [divmod(first + k, len(self.pairs)) for k in range(self.params.batch)]
        rows = np.stack([self.pairs[self._permutation(epoch)[place]] for epoch, place in places])
        if self.targets:
            rng = np.random.default_rng(self._seed_for("targets", str(step)))
            rows[:, 1] = rng.integers(self.targets, size=len(rows))
        return rows

    def _permutation(self, epoch: int) -> Any:
        if self._order[0] != epoch:
            rng = np.random.default_rng(self._seed_for("order", str(epoch)))
            self._order = (epoch, rng.permutation(len(self.pairs)))
        return self._order[1]


def batches(
    source: FrameBank, target: FrameBank, order: ImageOrder, ctx: Context, *, paired: bool
) -> Callable[[int], Batch]:
    """The images of a step, cropped and flipped: alike within a pair, else each on its own."""
    size, flip = order.params.size, order.params.flip

    def crop(images: Tensor, rng: Any) -> Tensor:
        room = images.shape[-1] - size
        corners, flips = rng.integers(room + 1, size=(len(images), 2)), rng.random(len(images))
        cut = [x[:, y0 : y0 + size, x0 : x0 + size]
               for x, (y0, x0) in zip(images, corners, strict=True)]
        kept = [x.flip(-1) if flip and f < 0.5 else x for x, f in zip(cut, flips, strict=True)]
        return torch.stack(kept)

    def batch(step: int) -> Batch:
        rows = order.rows(step)
        seeds = [ctx.seed_for("gan", name, str(step)) for name in ("crop", "crop target")]
        a, b = (np.random.default_rng(seed) for seed in ([seeds[0]] * 2 if paired else seeds))
        return (
            crop(source.images(rows[:, 0], ctx.device), a),
            crop(target.images(rows[:, 1], ctx.device), b),
        )

    return batch


def step_count(params: GanParams, images: int) -> int:
    """How many steps `epochs` and `decay_epochs` over so many images are, or `iterations`."""
    passes = params.epochs + params.decay_epochs
    return params.iterations or math.ceil(passes * images / params.batch)


def rate(params: GanParams, images: int) -> Callable[[int], float]:
    """Multiplier of the learning rates: 1 for `epochs`, then linearly to 0 over `decay_epochs`.

    It changes between passes, or with every step where `iterations` stands in their place.
    """
    passes = params.epochs + params.decay_epochs

    def factor(step: int) -> float:
        if params.iterations:
            epoch = step * passes / params.iterations
        else:
            epoch = float(step * params.batch // images)
        return 1.0 - max(0.0, epoch + 1 - params.epochs) / (params.decay_epochs + 1)

    return factor


def train_gan(
    name: str, step: GanStep, batch: Callable[[int], Batch], params: GanParams, images: int,
    ctx: Context,
) -> dict[str, float]:
    """Take all steps, from the last checkpoint where there is one; mean losses at the end.

    Raises:
        NonFiniteLossError: a loss or weight is not finite, or a loss exploded; the last
            checkpoint, which is finite, is kept.
    """
    factor = rate(params, images)
    initial = {key: [g["lr"] for g in o.param_groups] for key, o in step.optimizers.items()}

    def scaled_step(number: int, drawn: Batch) -> Losses:
        for key, optimizer in step.optimizers.items():
            for group, base in zip(optimizer.param_groups, initial[key], strict=True):
                group["lr"] = base * factor(number)
        return step(number, drawn)

    for net in step.nets.values():
        net.train()
    losses = run_steps(
        name, steps=step_count(params, images), batch=batch, step=scaled_step, modules=step.nets,
        optimizers=step.optimizers, ctx=ctx, ahead=0 if ctx.device == "cpu" else 2,
        largest=LARGEST_LOSS,
    )
    for net in step.nets.values():
        net.eval()
    return losses


def require_images(method: str, **banks: FrameBank) -> None:
    """Raise UsageError where a domain has no images to learn from."""
    for domain, bank in banks.items():
        if not len(bank.pixels):
            raise UsageError(
                f"{method} learns from images of both domains, and there is no {domain} image",
                "look at the setting's subjects and domains with `irfer-bench show SETTING`",
            )
