"""Training and scoring of what is learnt on frozen encoders; shared by MMA-DFER and its parts.

AdamW with weight decay on everything that is trained, a cosine to 0 by epochs, full batches (what
is left of an epoch is dropped), cross-entropy, the last epoch. Batches are read in a thread.
The gradients of a batch are sums over parts of it, so that a step needs the memory of one part.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_bench.api import CellError, Clips, Context, Features, Scores, State, TrainingData
from irfer_bench.nn.clip_input import labelled_clips
from irfer_bench.nn.clip_scores import average_clips, report_short
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable, clip_batches
from irfer_bench.nn.schedules import cosine
from irfer_bench.nn.training import load_module, module_state, train
from irfer_dynamic.encoder_inputs import AudioCount, EncoderInputs, Example
from irfer_dynamic.encoder_params import EncoderParams
from irfer_dynamic.mae_encoder import EncoderNetwork

P = TypeVar("P", bound=EncoderParams)
AHEAD = 2
"""Batches that a thread reads while a step runs."""
AT_ONCE = 4
"""Clips of a batch whose gradients are computed together."""


class TrainedPart(nn.Module):
    """The parameters of a network that are trained, by its names, for states and checkpoints."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        for name, parameter in network.named_parameters():
            if parameter.requires_grad:
                self.register_parameter(name.replace(".", "/"), parameter)


class EncoderRecognizer(ABC, Generic[P]):
    """A network on frozen encoders.

    Its state holds what was trained; the encoders are read again from their files. Where they are
    random (`weights=none`) or came in a trained checkpoint, the state holds them, too.
    """

    frames: bool = True
    audio: bool = True

    def __init__(self, params: P) -> None:
        self.params = params
        self.classes = 0
        self.model: EncoderNetwork | None = None
        self._kept: State | None = None
        self._reread = True

    @abstractmethod
    def network(self, classes: int) -> EncoderNetwork:
        """The network with random weights from torch's generator."""

    @abstractmethod
    def load(self, model: EncoderNetwork, weights: Path) -> bool:
        """Put the pretrained encoders in; False where they can not be read again later."""

    def optimizers(self, part: nn.Module) -> list[torch.optim.Optimizer]:
        """What trains `part`: AdamW."""
        p = self.params
        return [torch.optim.AdamW(part.parameters(), p.lr, weight_decay=p.weight_decay)]

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Train on the labelled source and target clips together.

        Raises:
            CellError: there is nothing to train on, or a clip has no label among the classes.
            MissingWeightsError: pretrained encoders are not here.
            DamagedError: audio that cannot be used; names the clip.
            NonFiniteLossError: the loss became NaN.
        """
        table = labelled_clips(self.params.network, data)
        self.classes = len(data.classes)
        if self.audio:
            heard = AudioCount()
            heard.add(table.clip(i) for i in range(table.clips))
            heard.report(ctx)
        self.model = self._start(ctx)
        part = TrainedPart(self.model)
        ctx.report("trained_parameters", sum(p.numel() for p in part.parameters()))
        ctx.report("training_loss", self._train(self.model, part, table, ctx))
        self.model.eval()

    @property
    def frames_taken(self) -> int:
        """Frames of a video that its clips take when scored."""
        return self.params.frames * self.params.test_clips if self.frames else 0

    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32 log-probabilities of whole clips."""
        return self.predict_and_embed(clips, ctx)[0]

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, width) float32: what the classifier is given, averaged over a video's clips."""
        return self.predict_and_embed(clips, ctx)[1]

    @torch.no_grad()
    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both in one pass; clips without audio, and too short ones, are counted in the record."""
        model, p = self._fitted(ctx), self.params
        inputs = EncoderInputs(p, frames=self.frames, audio=self.audio)
        scores, features = [np.zeros((0, self.classes))], [
            np.zeros((0, model.classifier.in_features))]
        heard, short = AudioCount(), 0
        for part in clip_batches(clips, p.predict_batch):
            found = []
            if self.audio:
                heard.add(part.clips)
            short += sum(map(inputs.is_short, part.clips))
            for example in inputs.evaluate(part.clips):
                with autocast(ctx):
                    found.append(model.features(*example.to(ctx.device)).float())
            logits = torch.stack([model.classifier(one) for one in found])
            scores.append(average_clips(logits, p.clip_mean).cpu().numpy())
            features.append(torch.stack(found).mean(0).cpu().numpy())
            ctx.progress("predict", part.first + len(part.clips), len(clips))
        if self.audio:
            heard.report(ctx)
        if self.frames:
            report_short(short, p.test_clips, ctx)
        return (
            np.concatenate(scores).astype(np.float32),
            np.concatenate(features).astype(np.float32),
        )

    def state(self) -> State:
        """What was trained (with the encoders, where no file holds them) and the classes."""
        if self.model is None and self._kept is not None:
            return self._kept
        if self.model is None:
            raise CellError(f"{self.params.network} was asked for its state before it was fitted")
        whole = not self._reread
        tensors = module_state(self.model if whole else TrainedPart(self.model))
        return State(tensors, {"classes": self.classes, "whole": whole})

    def restore(self, state: State) -> None:
        """Keep what `state` holds; the network is made when it is used."""
        self.classes, self._kept, self.model = int(state.scalars["classes"]), state, None

    def _fitted(self, ctx: Context) -> EncoderNetwork:
        if self.model is None:
            if self._kept is None:
                raise CellError(
                    f"{self.params.network} was asked for before it was fitted or restored")
            whole = bool(self._kept.scalars["whole"])
            self.model = self.network(self.classes) if whole else self._start(ctx)
            self._reread = not whole
            into = self.model if whole else TrainedPart(self.model)
            load_module(into, self._kept.tensors)
        return self.model.to(ctx.device).eval()

    def _start(self, ctx: Context) -> EncoderNetwork:
        """The network before training: random by the context's seed, encoders pretrained."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed_for(self.params.network, "init"))
            model = self.network(self.classes)
        self._reread = self.load(model, ctx.weights)
        return model.to(ctx.device)

    def _train(
        self, model: EncoderNetwork, part: TrainedPart, table: FrameTable, ctx: Context
    ) -> float:
        p, name, labels = self.params, self.params.network, table.clip_labels
        reader = EncoderInputs(p, frames=self.frames, audio=self.audio).reader(table)
        per_epoch = max(1, len(labels) // p.batch)

        def batch(step: int) -> tuple[Example, Tensor]:
            epoch, number = divmod(step, per_epoch)
            order = torch.Generator().manual_seed(ctx.seed_for(name, "order", str(epoch)))
            chosen = torch.randperm(len(labels), generator=order)[number * p.batch :][: p.batch]
            draw = torch.Generator().manual_seed(ctx.seed_for(name, "batch", str(step)))
            example = reader.read(chosen.tolist(), draw)
            return example.to(ctx.device), labels[chosen].to(ctx.device)

        def forward(frames: Tensor, audio: Tensor) -> Tensor:
            with autocast(ctx):
                logits: Tensor = model(frames, audio)
            return logits

        def loss(drawn: tuple[Example, Tensor]) -> Iterator[Tensor]:
            return loss_terms(forward, *drawn)

        model.train()
        return train(
            name, part, steps=p.epochs * per_epoch, batch=batch, loss=loss, ctx=ctx,
            optimizer=self.optimizers(part),
            rate=lambda step: cosine(step // per_epoch, max(1, p.epochs), 1.0), ahead=AHEAD,
        )


def loss_terms(
    forward: Callable[[Tensor, Tensor], Tensor], example: Example, labels: Tensor
) -> Iterator[Tensor]:
    """The mean cross-entropy of a batch as a sum over parts of it, each made when asked for."""
    parts = (torch.split(each, AT_ONCE) for each in (*example, labels))
    for frames, audio, truth in zip(*parts, strict=True):
        logits = forward(frames, audio).float()
        yield F.cross_entropy(logits, truth) * (len(truth) / len(labels))
