"""Networks on the frames of a clip, trained by one recipe: that of Former-DFER's public code.

Zhao and Liu, "Former-DFER: Dynamic Facial Expression Recognition Transformer", ACM Multimedia 2021:
16 frames as 8 segments of 2 consecutive ones, 112 px, random resized crop and mirror image, SGD
with momentum 0.9, cross-entropy, from random weights. Deviations from the code:
- the last epoch is kept; the code keeps the one that is best on the test clips, which `fit` never
  sees here (`best_on_validation` takes held-out training clips);
- clips of fewer than 16 frames are trained and tested on, their last frames repeated; the code
  leaves them out;
- frames follow each other where the setting keeps all of a clip (DFEW, MAFW, FERV39k); where it
  keeps 16 or 32 of each, of translated frames and own folders, neighbours are those kept;
- the last batch of an epoch is not dropped: batches are of nearly one size;
- `bench` trains for 40 epochs, draws frames from the whole clip and crops 80 to 100 % of the area;
  `quick` has AdamW and a cosine, and Muon for some networks' hidden weights (`muon_lr`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.api import CellError, Clips, Context, Features, Scores, State, TrainingData
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.clip_scores import score_videos
from irfer_bench.nn.clip_training import ClipRecipe, train_on_clips
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import FrameSampling
from irfer_bench.nn.muon import split_optimizers
from irfer_bench.nn.schedules import cosine, step_decay
from irfer_bench.nn.training import load_module, module_state
from irfer_dynamic.video_params import VideoParams

P = TypeVar("P", bound=VideoParams)


class VideoNetwork(nn.Module, ABC):
    """A trunk with a linear classifier, on (B, T, 3, S, S) clips in 0..1."""

    head: nn.Linear

    @abstractmethod
    def features(self, clips: Tensor) -> Tensor:
        """(B, width) features of clips."""

    def forward(self, clips: Tensor) -> Tensor:
        """(B, classes) logits of clips."""
        logits: Tensor = self.head(self.features(clips))
        return logits


class VideoRecognizer(ABC, Generic[P]):
    """A network over several frames; a still is a clip of one frame repeated."""

    outer: ClassVar[tuple[str, ...]] = ("head.",)
    """Parts of names whose weights AdamW keeps beside Muon: the first and the last layer."""

    def __init__(self, params: P) -> None:
        self.params = params
        self.classes = 0
        self.model: VideoNetwork | None = None

    @abstractmethod
    def network(self, classes: int) -> VideoNetwork:
        """The network with random weights from torch's generator."""

    def pretrained(self, weights: Path) -> Path | None:
        """The file that a fit starts from; by default none."""
        return None

    def load(self, model: VideoNetwork, path: Path) -> None:
        """Put a pretrained file into the network, all but the classifier."""
        raise CellError(f"{self.params.network} starts from random weights, not from {path.name}")

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Train on source and target together.

        Raises:
            CellError: there is nothing to train on, or a clip has no label.
            MissingWeightsError: pretrained weights are asked for and not here.
            RefusedError: the best epoch is asked for and there are no validation clips.
        """
        p, path = self.params, self.pretrained(ctx.weights)
        self.classes = len(data.classes)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed_for(p.network, "init"))
            model = self.network(self.classes)
        if path is not None:
            self.load(model, path)
        self.model = model.to(ctx.device)
        ctx.report("trained_parameters", sum(q.numel() for q in model.parameters()))
        train_on_clips(
            p.network, model, model, data=data, inputs=self.inputs(), ctx=ctx,
            recipe=ClipRecipe(p.epochs, p.batch, self._rate, p.selection),
            optimizer=self._optimizers(model),
        )

    @property
    def frames_taken(self) -> int:
        """Frames of a video that its clips take when scored."""
        return self.inputs().sampling.frames * self.params.test_clips

    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32 log-probabilities of whole clips."""
        return self.predict_and_embed(clips, ctx)[0]

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, width) float32 features in front of the classifier."""
        return self.predict_and_embed(clips, ctx)[1]

    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both in one pass."""
        model, p = self._fitted().to(ctx.device).eval(), self.params

        def rows(x: Tensor) -> tuple[Tensor, Tensor]:
            features = model.features(x)
            return model.head(features), features

        return score_videos(
            clips, rows, self.inputs(), classes=self.classes, width=model.head.in_features,
            ctx=ctx, batch=p.predict_batch, count=p.test_clips, split=p.clip_split, by=p.clip_mean)

    def state(self) -> State:
        """The network and the number of its classes."""
        return State(module_state(self._fitted()), {"classes": self.classes})

    def restore(self, state: State) -> None:
        """Rebuild the network that `state` came from."""
        self.classes = int(state.scalars["classes"])
        self.model = self.network(self.classes).eval()
        load_module(self.model, state.tensors)

    def inputs(self) -> ClipInput:
        """How clips become the network's input."""
        p = self.params
        view = ClipView(p.size, (p.crop, 1.0), flip=p.flip, brightness=p.brightness,
                        rotation=p.rotation)
        return ClipInput(FrameSampling(p.segments, p.duration, p.segment_mode), view)

    def _rate(self, epoch: int) -> float:
        p = self.params
        if p.schedule == "cosine":
            return cosine(epoch, p.epochs, 1.0)
        return step_decay(epoch, range(p.lr_step, p.epochs, p.lr_step))

    def _optimizers(self, model: VideoNetwork) -> list[torch.optim.Optimizer]:
        p = self.params
        if p.optimizer == "adamw":
            return split_optimizers(model, p.lr, p.muon_lr, p.weight_decay, self.outer)
        return [torch.optim.SGD(
            model.parameters(), lr=p.lr, momentum=0.9, weight_decay=p.weight_decay)]

    def _fitted(self) -> VideoNetwork:
        if self.model is None:
            raise CellError(
                f"{self.params.network} was asked for before it was fitted or restored")
        return self.model
