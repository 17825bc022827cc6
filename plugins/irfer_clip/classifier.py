"""Base class of CLIP recognizers: fit, predict, embed and state around one frozen CLIP.

A method is a subclass that gives the module of its parameters (`build`) and how it encodes images
and sentences (`images`, `texts`); one that trains prompts is a `PromptClassifier`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from irfer_bench.api import (
    Clips,
    Context,
    ContractError,
    DamagedError,
    Features,
    NearestWords,
    Scores,
    State,
    TrainingData,
)
from irfer_bench.nn.checkpoints import compare_keys
from irfer_bench.nn.clip_scores import score_clips
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frames import FrameTable
from irfer_bench.nn.training import load_module, module_state
from irfer_clip.backbone import Backbone, load_backbone
from irfer_clip.classifier_params import ClipParams
from irfer_clip.features import plain_features, text_features
from irfer_clip.images import Preparation
from irfer_clip.prompting import CLIP, encode_image, normalize, widths
from irfer_clip.prompts import nearest_words
from irfer_clip.texts import Template, load_sentences

P = TypeVar("P", bound=ClipParams)
M = TypeVar("M", bound=nn.Module)


class ClipClassifier(ABC, Generic[P, M]):
    """Compares an image with a sentence about each class; a video by the mean over its frames."""

    name: ClassVar[str]

    def __init__(self, params: P) -> None:
        self.params = params
        self.classes: tuple[str, ...] = ()
        self.sentences = load_sentences()
        self._state: State | None = None
        self._ready: tuple[str, M, Tensor] | None = None

    # What a method gives.

    @abstractmethod
    def build(self, clip: CLIP, classes: int) -> M:
        """The module of all that is trained, with random weights; the frozen CLIP is not in it."""

    def start(self, model: M, backbone: Backbone) -> None:
        """Initial values that depend on words; called without gradients, by default nothing."""

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

    def compare(self, model: M, backbone: Backbone, x: Tensor, o: Tensor) -> Tensor:
        """(B, C) logits of image features; a method whose sentences depend on them overrides it."""
        return self.logits(model, x, o, self.scale(backbone))

    def classify(
        self, model: M, backbone: Backbone, images: Tensor, o: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(B, C) logits and (B, embed) unit features of prepared images, at test time."""
        x = self.images(model, backbone.clip, images)
        return self.compare(model, backbone, x, o), x

    def classify_plain(
        self, model: M, backbone: Backbone, plain: Tensor, o: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same from un-normalised features of the frozen tower, where `is_frozen`."""
        x = normalize(plain)
        return self.compare(model, backbone, x, o), x

    def plain(self, table: FrameTable, view: Preparation, ctx: Context) -> Tensor:
        """(frames, embed) un-normalised features of the frozen tower, kept and shared."""
        return plain_features(table, view, ctx)

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
        if backbone.assumed:
            ctx.report("backbone_activation", backbone.assumed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(ctx.seed_for(self.name, "init"))
            model = self.build(backbone.clip, len(self.classes)).to(ctx.device)
            with torch.no_grad():
                self.start(model, backbone)
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
        view = self.view(backbone)
        plain = self.plain(FrameTable(clips), view, ctx) if self.is_frozen(model) else None

        def rows(table: FrameTable, index: range) -> tuple[Tensor, Tensor]:
            with autocast(ctx):
                if plain is not None:
                    part = plain[index.start : index.stop]
                    logits, x = self.classify_plain(model, backbone, part, texts)
                else:
                    images = view.evaluate(table.read(index))
                    logits, x = self.classify(model, backbone, images, texts)
            return logits.float().log_softmax(dim=-1), x

        width = self.width(model, backbone)
        return score_clips(clips, rows, classes=len(self.classes), width=width, ctx=ctx)

    @torch.no_grad()
    def embed_plain(self, clips: Clips, ctx: Context) -> Features:
        """(N, embed) float32 unit features of the frozen tower, averaged over a clip's frames."""
        backbone = self.backbone(ctx)
        plain = normalize(plain_features(FrameTable(clips), self.view(backbone), ctx))

        def rows(table: FrameTable, index: range) -> tuple[Tensor, Tensor]:
            return plain.new_zeros(len(index), 1), plain[index.start : index.stop]

        return score_clips(clips, rows, classes=1, width=plain.shape[1], ctx=ctx)[1]

    def contexts(self, model: M) -> Mapping[str, Tensor]:
        """Learned vectors in the place of words, (n, text width) by name; by default none."""
        return {}

    @torch.no_grad()
    def explain_words(self, ctx: Context) -> Sequence[NearestWords]:
        """The words whose embeddings are nearest to each learned vector; CoOp's analysis."""
        backbone, model, _ = self._restored(ctx)
        return [
            NearestWords(f"{name}{k}", words)
            for name, vectors in self.contexts(model).items()
            for k, words in enumerate(nearest_words(backbone, vectors), start=1)
        ]

    def width(self, model: M, backbone: Backbone) -> int:
        """Width of the features that `embed` gives; by default of the shared embedding."""
        return widths(backbone.clip)[2]

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
        self.sentences = load_sentences(self.params.texts, ctx.weights)
        return load_backbone(self.params.backbone, self.params.architecture, ctx)

    def view(self, backbone: Backbone) -> Preparation:
        """How frames become CLIP's input."""
        return Preparation(backbone, infrared=self.params.ir_norm)

    @property
    def words(self) -> tuple[str, ...]:
        """What the sentences call the classes."""
        return tuple(self.sentences.word(name) for name in self.classes)

    def template(self, name: Template) -> str:
        """A template of one text, with {} for the class."""
        return self.sentences.template(name)

    def sentence_features(self, backbone: Backbone, template: Template) -> Tensor:
        """(C, embed) unit features of un-prompted sentences, encoded once per process."""
        return text_features(backbone, self.classes, template, self.sentences)

    def _restored(self, ctx: Context) -> tuple[Backbone, M, Tensor]:
        backbone = self.backbone(ctx)
        if self._ready is None or self._ready[0] != ctx.device:
            model = self.build(backbone.clip, len(self.classes))
            self._load(model)
            model = model.to(ctx.device).eval()
            # Sentences of a trained model are the same for every image: encoded once.
            self._ready = (ctx.device, model, self.texts(model, backbone))
        return backbone, self._ready[1], self._ready[2]

    def _load(self, model: M) -> None:
        """Put the state into the module; DamagedError where it is that of another version."""
        tensors = self.state().tensors
        given = {name: torch.empty(value.shape) for name, value in tensors.items()}
        report = compare_keys(model.state_dict(), given)
        if not report.fits:
            raise DamagedError(
                f"the saved state is not one of this {self.name}: {report.describe()}",
                "it was saved by another version or with other parameters; fit again",
            )
        load_module(model, tensors)


def scaled_cosine(x: Tensor, o: Tensor, scale: Tensor) -> Tensor:
    """s x.o of unit (B, D) and (C, D), in float32: times 100, bfloat16 is off by half a logit."""
    with torch.autocast(x.device.type, enabled=False):
        return scale * x @ o.T
