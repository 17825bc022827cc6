"""Training of a network on whole clips, with the last or the best epoch kept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.contracts.context import Context
from irfer_bench.contracts.values import TrainingData
from irfer_bench.errors import RefusedError
from irfer_bench.nn.clip_input import ClipInput, labelled_clips
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable, batches, epoch_order
from irfer_bench.nn.training import train

Selection = Literal["last", "best_on_validation"]
AHEAD = 1
"""Batches that a thread reads while a step runs."""


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """How a network is trained on clips.

    Args:
        rate: multiplier of every learning rate in an epoch.
        selection: which epoch's weights are kept; the best has the highest share of correct
            answers on the setting's validation clips, the earlier of equals.
    """

    epochs: int
    batch: int
    rate: Callable[[int], float]
    selection: Selection = "last"


def train_on_clips(
    name: str,
    model: nn.Module,
    logits: Callable[[Tensor], Tensor],
    *,
    data: TrainingData,
    inputs: ClipInput,
    recipe: ClipRecipe,
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer],
    ctx: Context,
) -> float:
    """Minimise cross-entropy on source and target and return the loss of the last steps.

    An epoch takes every clip once, in batches of nearly one size.

    Args:
        logits: (B, T, 3, S, S) in 0..1 to (B, classes), by the parameters of `model`.

    Raises:
        CellError: there is nothing to train on, or a clip has no label among the classes.
        RefusedError: the best epoch is asked for and the setting grants no validation clips.
        NonFiniteLossError: the loss became NaN.
    """
    best = _BestEpoch(model) if recipe.selection != "last" else None
    if best is not None and not len(data.validation):
        raise RefusedError(
            f"{name} is to keep the epoch that is best on validation clips, and the setting has "
            "none",
            f"say -p {name}.selection=last, or choose a setting with validation clips")
    table = labelled_clips(name, data)
    held = FrameTable(data.validation, classes=data.classes, scored=False)
    labels = table.clip_labels
    per_epoch = -(-len(labels) // recipe.batch)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        chosen = epoch_order(len(labels), step, recipe.batch, partial(ctx.seed_for, name, "order"))
        draw = torch.Generator().manual_seed(ctx.seed_for(name, "batch", str(step)))
        x = inputs.train([table.clip(i) for i in chosen], draw)
        return x.to(ctx.device), labels[chosen].to(ctx.device)

    def loss(pair: tuple[Tensor, Tensor]) -> Tensor:
        with autocast(ctx):
            scores = logits(pair[0])
        return F.cross_entropy(scores.float(), pair[1])

    def after_step(step: int) -> None:
        if best is not None and (step + 1) % per_epoch == 0:
            model.eval()
            best.keep(model, _share_correct(held, logits, inputs, recipe.batch, ctx))
            model.train()

    final = train(
        name, model, steps=recipe.epochs * per_epoch, batch=batch, loss=loss, ctx=ctx,
        optimizer=optimizer, rate=lambda step: recipe.rate(step // per_epoch),
        after_step=after_step, ema=best, ahead=AHEAD,
    )
    if best is not None:
        model.load_state_dict(best.model.state_dict())
        ctx.report("validation_accuracy", round(float(best.get_buffer("share")), 4))
    ctx.report("training_loss", final)
    return final


class _BestEpoch(nn.Module):
    """The weights of the best epoch so far; a module, so that they travel with a checkpoint."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
        self.register_buffer("share", torch.tensor(-1.0))

    def keep(self, model: nn.Module, share: float) -> None:
        """Take the weights where they are better than those kept."""
        if share > float(self.get_buffer("share")):
            self.model.load_state_dict(model.state_dict())
            self.get_buffer("share").fill_(share)


@torch.no_grad()
def _share_correct(
    table: FrameTable, logits: Callable[[Tensor], Tensor], inputs: ClipInput, batch: int,
    ctx: Context,
) -> float:  # fmt: skip
    right = 0
    for index in batches(table.clips, batch):
        x = inputs.evaluate([table.clip(i) for i in index])[0]
        with autocast(ctx):
            scores = logits(x.to(ctx.device))
        right += int((scores.argmax(1).cpu() == table.clip_labels[index.start : index.stop]).sum())
    return right / table.clips
