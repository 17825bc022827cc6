"""Training of methods that learn prompts on a frozen CLIP.

A method is a subclass of `PromptClassifier` that gives what every CLIP recognizer gives, and its
loss on a batch of each domain (`loss`) where that is more than cross-entropy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import Clips, Context, ContractError, RefusedError, TrainingData
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable, endless_order
from irfer_bench.nn.schedules import cosine, warm_up, warmup_cosine
from irfer_bench.nn.training import train
from irfer_clip.backbone import Backbone
from irfer_clip.classifier import ClipClassifier
from irfer_clip.classifier_params import PromptParams
from irfer_clip.images import CROPS, Preparation

WARMUP = 20
"""Steps in which AdamW's rate grows."""
AHEAD = 1
"""Batches that a thread reads while a step runs."""

T = TypeVar("T", bound=PromptParams)
M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True, slots=True)
class Batch:
    """One domain's batch.

    Args:
        images: (B, 3, S, S), or what a method's `examples` gives in their place.
        labels: (B,) columns, -1 where there is no label.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Task:
    """What one fit works on.

    Args:
        tables: frames of the domains that have any.
        view: how frames become CLIP's input.
    """

    backbone: Backbone
    data: TrainingData
    tables: Mapping[str, FrameTable]
    view: Preparation
    ctx: Context


class PromptClassifier(ClipClassifier[T, M]):
    """Trains as Dassl trains the CoOp family: a small module on a frozen CLIP.

    SGD with momentum 0.9 and weight decay 5e-4 on every parameter, one warm-up epoch at 1e-5, then
    a cosine per epoch; random resized crops and flips. `optimizer=adamw` is a deviation: the
    mini CLIP's few epochs are too short for SGD.
    """

    @property
    def clip_norm(self) -> float | None:
        """Largest norm of all gradients together; None leaves them as they are."""
        return None

    @property
    def ahead(self) -> int:
        """Batches that are read while a step runs; 0 where they take no reading."""
        return AHEAD

    def domains(self, data: TrainingData) -> Mapping[str, FrameTable]:
        """Frames that each step takes a batch of; by default labelled source and target."""
        return {
            name: labelled_frames(name, data.classes, clips)
            for name, clips in (("source", data.source), ("target", data.target))
        }

    def epoch_frames(self, tables: Mapping[str, FrameTable]) -> int:
        """Frames that make an epoch; by default those of the larger domain, the other cycles."""
        return max(len(table) for table in tables.values())

    def examples(
        self, task: Task, name: str, index: Sequence[int], generator: torch.Generator
    ) -> Tensor:
        """What a step takes of these frames of a domain; by default random crops and flips.

        A thread calls it: it draws from `generator` alone, and uses nothing that training changes.
        """
        return task.view.train(task.tables[name].read(index), generator)

    def loss(self, model: M, task: Task, batches: Mapping[str, Batch]) -> Tensor:
        """The loss of a step, given a batch of each domain; by default cross-entropy on all."""
        batch, o = together(batches), self.texts(model, task.backbone)
        x = self.images(model, task.backbone.clip, batch.images)
        return F.cross_entropy(self.compare(model, task.backbone, x, o), batch.labels)

    def prepare(self, model: M, task: Task, epoch: int) -> None:
        """Before the first epoch (0) and after each but the last (1, ...); by default nothing."""

    def finish(self, model: M, task: Task) -> None:
        """Facts for the record after training; by default none."""

    def view(self, backbone: Backbone) -> Preparation:
        """How frames become CLIP's input, training crops included."""
        return Preparation(backbone, CROPS[self.params.transforms], self.params.ir_norm)

    def train(self, model: M, backbone: Backbone, data: TrainingData, ctx: Context) -> None:
        """Train every parameter of the module; without any, nothing is done.

        Raises:
            RefusedError: there is nothing to train on, or only one class.
            ContractError: a training clip has no label among the classes.
            NonFiniteLossError: the loss became NaN.
        """
        count = sum(p.numel() for p in model.parameters())
        if not count:
            return
        if len(data.classes) < 2:
            raise RefusedError(
                f"{self.name} learns to tell classes apart, and there is {len(data.classes)}",
                "choose a setting with two classes or more",
            )
        tables = {name: table for name, table in self.domains(data).items() if len(table)}
        if not tables:
            raise RefusedError(
                f"{self.name} has neither source nor target images to train on",
                "choose a setting with shots or a visible source",
            )
        p, task = self.params, Task(backbone, data, tables, self.view(backbone), ctx)
        per_epoch = max(1, self.epoch_frames(tables) // p.batch)

        def batch(step: int) -> dict[str, Batch]:
            generator = torch.Generator().manual_seed(ctx.seed_for(self.name, "step", str(step)))
            return {name: self._draw(task, name, step, generator) for name in tables}

        def loss(batches: dict[str, Batch]) -> Tensor:
            with autocast(ctx):
                return self.loss(model, task, batches)

        def after_step(step: int) -> None:
            epoch, rest = divmod(step + 1, per_epoch)
            if not rest and epoch < p.epochs:
                self.prepare(model, task, epoch)

        self.prepare(model, task, 0)
        final = train(
            self.name, model, steps=p.epochs * per_epoch, batch=batch, loss=loss, ctx=ctx,
            optimizer=self._optimizer(model), rate=partial(self._rate, per_epoch=per_epoch),
            after_step=after_step, clip_norm=self.clip_norm, ahead=self.ahead,
        )
        ctx.report("final_loss", final)
        ctx.report("trained_parameters", count)
        self.finish(model.eval(), task)

    def _optimizer(self, model: M) -> torch.optim.Optimizer:
        p, learned = self.params, model.parameters()
        if p.optimizer == "adamw":
            return torch.optim.AdamW(learned, lr=p.lr, weight_decay=5e-4)
        return torch.optim.SGD(learned, lr=p.lr, momentum=0.9, weight_decay=5e-4)

    def _rate(self, step: int, per_epoch: int) -> float:
        """Share of `lr` at a step."""
        p = self.params
        if p.optimizer == "adamw":
            steps = p.epochs * per_epoch
            return warm_up(step, min(WARMUP, steps / 10)) * cosine(step, steps, 1.0)
        return warmup_cosine(step // per_epoch, p.epochs, p.lr) / p.lr

    def _draw(self, task: Task, name: str, step: int, generator: torch.Generator) -> Batch:
        """The next frames of a domain, which starts anew when it is through."""
        table, size = task.tables[name], self.params.batch
        seed = partial(task.ctx.seed_for, "order", name)
        index = endless_order(len(table), step * size, size, seed)
        images = self.examples(task, name, index, generator)
        return Batch(images, table.labels[index].to(images.device))


def together(batches: Mapping[str, Batch]) -> Batch:
    """The batches of all domains as one, in their order."""
    return Batch(
        torch.cat([batch.images for batch in batches.values()]),
        torch.cat([batch.labels for batch in batches.values()]),
    )


def labelled_frames(name: str, classes: tuple[str, ...], clips: Clips) -> FrameTable:
    """A table of the training frames of a domain.

    Raises:
        ContractError: a clip has no label among the classes.
    """
    table = FrameTable(clips, classes=classes)
    if bool((table.labels < 0).any()):
        raise ContractError(f"a training clip of {name} has no label among {', '.join(classes)}")
    return table
