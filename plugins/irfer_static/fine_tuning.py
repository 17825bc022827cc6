"""Fine-tuning of an image network on single frames: the recipe of every recognizer here.

The recipe is ours: AdamW (Muon for the blocks where `muon_lr` is set), linear warm-up and cosine,
random resized crop, flip and erasing, label smoothing, the mean and deviation of the pretrained
network. Crops are taken from the image at the network's input size, not at the stored one. A clip
gives one random frame per epoch; its score is the mean log-probability over its frames.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import CellError, Clips, Context, Features, Scores, State, TrainingData
from irfer_bench.nn.clip_scores import score_clips
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable, ResizedFrames, epoch_order
from irfer_bench.nn.images import to_tensor
from irfer_bench.nn.muon import Muon
from irfer_bench.nn.schedules import cosine, warm_up
from irfer_bench.nn.training import load_module, module_state, train
from irfer_bench.nn.views import RandomView, erase
from irfer_static.fine_tuning_params import FineTuningParams
from irfer_static.image_network import ImageNetwork

P = TypeVar("P", bound=FineTuningParams)
AHEAD = 1
"""Batches that a thread reads while a step runs."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One training on labelled frames; `name` seeds it, `factor` scales its learning rates."""

    name: str
    table: FrameTable
    epochs: int
    warmup: int
    factor: float = 1.0


class FineTunedRecognizer(ABC, Generic[P]):
    """An image network on single frames; a video is scored by the mean over its frames."""

    def __init__(self, params: P) -> None:
        self.params = params
        self.classes = 0
        self.model: ImageNetwork | None = None

    @abstractmethod
    def network(self, classes: int) -> ImageNetwork:
        """The network with random weights from torch's generator."""

    @abstractmethod
    def load(self, model: ImageNetwork, path: Path) -> None:
        """Put a pretrained file into the network, all but the classifier."""

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Train on source and target, on one of them, or on one after the other (`mode`).

        Raises:
            CellError: there is nothing to train on, or a clip has no label.
            MissingWeightsError: pretrained weights are asked for and not here.
        """
        stages = training_stages(data, self.params)
        self.classes = len(data.classes)
        self.model = self._start(ctx)
        for stage in stages:
            final = self._train(stage, ctx)
        ctx.report("training_loss", final)

    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32: log-probabilities, averaged over the frames and normalised."""
        return self.predict_and_embed(clips, ctx)[0]

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, width) float32 pooled features, averaged over the frames."""
        return self.predict_and_embed(clips, ctx)[1]

    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both in one pass over the frames."""
        model, p = self._fitted().to(ctx.device).eval(), self.params

        def rows(table: FrameTable, index: range) -> tuple[Tensor, Tensor]:
            x = torch.cat([to_tensor(f.pixels[None], p.size) for f in table.read(index)])
            with autocast(ctx):
                features = model.features(model.normalise(x.to(ctx.device)))
                logits = model.head(features)
            return F.log_softmax(logits.float(), 1), features.float()

        return score_clips(
            clips, rows, classes=self.classes, width=model.head.in_features, ctx=ctx,
            batch=p.predict_batch)

    def state(self) -> State:
        """The network and the number of its classes."""
        return State(module_state(self._fitted()), {"classes": self.classes})

    def restore(self, state: State) -> None:
        """Rebuild the network that `state` came from."""
        self.classes = int(state.scalars["classes"])
        self.model = self.network(self.classes).eval()
        load_module(self.model, state.tensors)

    def _start(self, ctx: Context) -> ImageNetwork:
        """The network before training: random by the context's seed, or pretrained but its head."""
        path = self.params.checkpoint(ctx.weights)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed_for(self.params.network, "init"))
            model = self.network(self.classes)
        if path is not None:
            self.load(model, path)
        return model.to(ctx.device)

    def _train(self, stage: Stage, ctx: Context) -> float:
        """Train the network in one stage and return the loss of its last steps."""
        p, model, table, name = self.params, self._fitted(), stage.table, stage.name
        labels = table.clip_labels
        weight = class_weight(labels, self.classes) if p.class_weight == "balanced" else None
        weight = None if weight is None else weight.to(ctx.device)
        frames, view = ResizedFrames(table, p.size), RandomView(p.size, (p.crop, 1.0), flip=p.flip)

        def batch(step: int) -> tuple[Tensor, Tensor]:
            clips = epoch_order(len(labels), step, p.batch, partial(ctx.seed_for, name, "order"))
            draw = torch.Generator().manual_seed(ctx.seed_for(name, "batch", str(step)))
            shares = torch.rand(len(clips), generator=draw).tolist()
            x = frames.read(table.pick(clips, shares))
            x = view.of_tensors(x, draw).to(ctx.device)
            return erase(model.normalise(x), p.erase, draw), labels[clips].to(ctx.device)

        def loss(pair: tuple[Tensor, Tensor]) -> Tensor:
            with autocast(ctx):
                logits = model(pair[0])
            return F.cross_entropy(
                logits.float(), pair[1], weight=weight, label_smoothing=p.label_smoothing)

        per_epoch = -(-len(labels) // p.batch)
        return train(
            name, model, steps=stage.epochs * per_epoch, batch=batch, loss=loss, ctx=ctx,
            optimizer=_optimizers(model, p, stage.factor),
            rate=lambda step: _rate(step / per_epoch, stage.epochs, stage.warmup, 1 / per_epoch),
            ahead=AHEAD,
        )

    def _fitted(self) -> ImageNetwork:
        if self.model is None:
            raise CellError(
                f"{self.params.network} was asked for before it was fitted or restored")
        return self.model


def _optimizers(
    model: ImageNetwork, params: FineTuningParams, factor: float
) -> list[torch.optim.Optimizer]:
    """AdamW on trunk and head, or on what Muon leaves of them; `factor` scales every rate."""
    p, lr = params, params.lr * factor
    head = list(model.head.parameters())
    hidden = [q for q in model.blocks.parameters() if p.muon_rate and q.ndim > 1]
    own = {id(q) for q in (*head, *hidden)}
    trunk = [q for q in model.parameters() if id(q) not in own]
    groups = [{"params": trunk, "lr": lr}, {"params": head, "lr": lr * p.head_factor}]
    adamw = torch.optim.AdamW(groups, weight_decay=p.weight_decay)
    return [adamw, Muon(hidden, p.muon_rate * factor)] if hidden else [adamw]


def training_stages(data: TrainingData, params: FineTuningParams) -> list[Stage]:
    """The trainings that a mode consists of.

    Raises:
        CellError: one of them has no clip, or a clip's label is none of the classes.
    """
    name, mode = params.network, params.mode
    modes: dict[str, dict[str, tuple[Clips, ...]]] = {
        "joint": {"source and target": (data.source, data.target)},
        "source_only": {"source": (data.source,)},
        "target_fewshot": {"target": (data.target,)},
        "finetune": {"source": (data.source,), "target": (data.target,)},
    }
    tables = []
    for side, collections in modes[mode].items():
        table = FrameTable(*collections, classes=data.classes)
        if not table.clips:
            what = "source and target are both empty" if mode == "joint" else f"{side} is empty"
            raise CellError(
                f"{name} with mode={mode} has nothing to train on: {what}",
                "choose a setting with labelled clips, a translator other than none, or a mode "
                "that does not need them",
            )
        _check_labels(table, data.classes)
        tables.append(table)
    stages = [Stage(name, tables[0], params.epochs, params.warmup_epochs)]
    if len(tables) > 1:
        # A tenth of the rate needs no warm-up.
        stages.append(
            Stage(f"{name}.target", tables[1], params.target_epochs, 0, params.target_factor))
    return stages


def _check_labels(table: FrameTable, classes: tuple[str, ...]) -> None:
    unknown = (table.clip_labels < 0).nonzero()
    if len(unknown):
        label = table.clip(int(unknown[0])).label
        raise CellError(
            f"a training clip has the label {label!r}, the classes are {', '.join(classes)}")


def _rate(epoch: float, epochs: int, warmup: int, first: float) -> float:
    """Linear warm-up, then a cosine to 0, as a factor of the peak."""
    if epoch < warmup:
        return warm_up(epoch, warmup + first, first)
    return cosine(epoch - warmup, max(1, epochs - warmup), 1.0)


def class_weight(labels: Tensor, classes: int) -> Tensor:
    """(classes,) N / (C n_c), and 0 for a class that has no clip (sklearn's `balanced`)."""
    counts = torch.bincount(labels, minlength=classes).float()
    return torch.where(counts > 0, len(labels) / (classes * counts.clamp(min=1)), 0.0)
