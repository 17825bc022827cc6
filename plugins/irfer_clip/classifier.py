"""Base class of CLIP recognizers: fit, predict, embed and state around one frozen CLIP.

A method is a subclass that gives the module of its parameters (`build`) and how it encodes images
and sentences (`images`, `texts`); one that trains prompts is a `PromptClassifier`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.api import (
    Clips,
    Context,
    ContractError,
    Features,
    Scores,
    State,
    TrainingData,
)
from irfer_bench.nn.clip_scores import score_clips
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable
from irfer_bench.nn.training import load_module, module_state
from irfer_clip.backbone import Backbone, load_backbone
from irfer_clip.classifier_params import ClipParams
from irfer_clip.features import plain_features
from irfer_clip.images import Preparation
from irfer_clip.prompting import CLIP, encode_image, normalize

P = TypeVar("P", bound=ClipParams)
M = TypeVar("M", bound=nn.Module)


class ClipClassifier(ABC, Generic[P, M]):
    """Compares an image with a sentence about each class; a video by the mean over its frames."""

    name: ClassVar[str]

    def __init__(self, params: P) -> None:
        self.params = params
        self.classes: tuple[str, ...] = ()
        self._state: State | None = None
        self._ready: tuple[str, M, Tensor] | None = None

    # What a method gives.

    @abstractmethod
    def build(self, clip: CLIP, classes: int) -> M:
        """The module of all that is trained, with random weights; the frozen CLIP is not in it."""

    @abstractmethod
    def texts(self, model: M, backbone: Backbone) -> Tensor:
        """o: (C, embed) unit features of a sentence about each class."""

    def images(self, model: M, clip: CLIP, images: Tensor) -> Tensor:
        """x: (B, embed) unit image features; by default those of the frozen tower."""
        return normalize(encode_image(clip, images)[0].float())

    def is_frozen(self, model: M) -> bool:
        """Whether `images` is the frozen tower, whose features are kept and shared."""
        return False

    def logits(self, model: M, x: Tensor, o: Tensor, scale: Tensor) -> Tensor:
        """(B, C) at test time; by default s cos(x, o)."""
        return scaled_cosine(x, o, scale)

    def scale(self, backbone: Backbone) -> Tensor:
        """s: exp(logit_scale) of the loaded weights, 100 for OpenAI's."""
        return backbone.scale

    def train(self, model: M, backbone: Backbone, data: TrainingData, ctx: Context) -> None:
        """By default nothing is trained."""

    # What they share.

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Build the module and train it."""
        self.classes, self._ready = data.classes, None
        backbone = self.backbone(ctx)
        ctx.report("backbone_digest", backbone.digest)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed_for(self.name, "init"))
            model = self.build(backbone.clip, len(self.classes)).to(ctx.device)
        self.train(model, backbone, data, ctx)
        self._state = State(module_state(model), {"classes": list(self.classes)})

    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32 log-probabilities, averaged over the frames of a clip."""
        return self.predict_and_embed(clips, ctx)[0]

    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, embed) float32 unit image features, averaged over the frames of a clip."""
        return self.predict_and_embed(clips, ctx)[1]

    @torch.no_grad()
    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both in one pass over the frames; features of the frozen tower come from their part."""
        backbone, model, texts = self._restored(ctx)
        view, scale = self.view(backbone), self.scale(backbone)
        frozen = self.is_frozen(model)
        plain = plain_features(FrameTable(clips), view, ctx) if frozen else None

        def rows(table: FrameTable, index: range) -> tuple[Tensor, Tensor]:
            if plain is not None:
                x = normalize(plain[index.start : index.stop])
            else:
                with autocast(ctx):
                    x = self.images(model, backbone.clip, view.evaluate(table.read(index)))
            return self.logits(model, x, texts, scale).log_softmax(dim=-1), x

        width = backbone.clip.visual.proj.shape[1]
        return score_clips(clips, rows, classes=len(self.classes), width=width, ctx=ctx)

    def state(self) -> State:
        """What was trained, and the classes; never the frozen CLIP.

        Raises:
            ContractError: before `fit` or `restore`.
        """
        if self._state is None:
            raise ContractError(f"{self.name} has no state before fit or restore")
        return self._state

    def restore(self, state: State) -> None:
        """Take what `state` gave."""
        self._state, self._ready = state, None
        self.classes = tuple(state.scalars["classes"])

    def backbone(self, ctx: Context) -> Backbone:
        """The frozen CLIP, which the whole process shares; fine-tuning takes `Backbone.copy`."""
        return load_backbone(self.params.backbone, self.params.architecture, ctx)

    def view(self, backbone: Backbone) -> Preparation:
        """How frames become CLIP's input."""
        return Preparation(backbone, infrared=self.params.ir_norm)

    def _restored(self, ctx: Context) -> tuple[Backbone, M, Tensor]:
        backbone = self.backbone(ctx)
        if self._ready is None or self._ready[0] != ctx.device:
            model = self.build(backbone.clip, len(self.classes))
            load_module(model, self.state().tensors)
            model = model.to(ctx.device).eval()
            # Sentences of a trained model are the same for every image: encoded once.
            self._ready = (ctx.device, model, self.texts(model, backbone))
        return backbone, self._ready[1], self._ready[2]


def scaled_cosine(x: Tensor, o: Tensor, scale: Tensor) -> Tensor:
    """s x.o of unit (B, D) and (C, D), in float32: times 100, bfloat16 is off by half a logit."""
    with torch.autocast(x.device.type, enabled=False):
        return scale * x @ o.T
