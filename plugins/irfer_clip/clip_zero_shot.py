"""CLIP zero-shot: logits = s cos(f_img, f_txt). Nothing is trained (recognizers.md §2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from irfer_bench.api import Clips, Context, ContractError, Features, Scores, State, TrainingData
from irfer_bench.nn.device import autocast
from irfer_clip.backbone import Backbone, load_backbone, zero_shot_logits
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.images import Preparation, clip_batches
from irfer_clip.prompting import encode_image, encode_templates, unit
from irfer_clip.texts import Template, class_texts


class ClipZeroShot:
    """Compares an image with a sentence about each class."""

    def __init__(self, params: ClipZeroShotParams) -> None:
        self.params = params
        self.classes: tuple[str, ...] = ()
        self._texts: tuple[str, Tensor] | None = None

    def fit(self, data: TrainingData, ctx: Context) -> None:
        """Only the class names are used."""
        self.classes = data.classes
        ctx.report("backbone_digest", self._backbone(ctx).digest)

    @torch.no_grad()
    def predict(self, clips: Clips, ctx: Context) -> Scores:
        """(N, classes) float32 log-probabilities, averaged over the frames of a clip."""
        backbone = self._backbone(ctx)
        texts = self._text_features(backbone)
        scores = ClipMean(len(clips), len(self.classes))
        images = Preparation(backbone, infrared=self.params.ir_norm)
        for frames, owners in clip_batches(clips):
            with autocast(ctx):
                features, _ = encode_image(backbone.clip, images.evaluate(frames))
            logits = zero_shot_logits(backbone.scale, features.float(), texts)
            scores.add(owners, logits.log_softmax(dim=-1))
            ctx.progress("recognise", owners[-1] + 1, len(clips))
        return scores.log_probabilities()

    @torch.no_grad()
    def embed(self, clips: Clips, ctx: Context) -> Features:
        """(N, embed) float32 unit image features, averaged over frames."""
        backbone = self._backbone(ctx)
        images = Preparation(backbone, infrared=self.params.ir_norm)
        features = ClipMean(len(clips), backbone.clip.visual.proj.shape[1])
        with autocast(ctx):
            for frames, owners in clip_batches(clips):
                code, _ = encode_image(backbone.clip, images.evaluate(frames))
                features.add(owners, unit(code.float()))
        return features.mean()

    def state(self) -> State:
        return State(scalars={"classes": list(self.classes)})

    def restore(self, state: State) -> None:
        self.classes = tuple(state.scalars["classes"])
        self._texts = None

    def _backbone(self, ctx: Context) -> Backbone:
        return load_backbone(self.params.backbone, self.params.architecture, ctx)

    def _text_features(self, backbone: Backbone) -> Tensor:
        if self._texts is None or self._texts[0] != backbone.device:
            self._texts = (
                backbone.device,
                text_features(backbone, self.classes, self.params.template),
            )
        return self._texts[1]


class ClipMean:
    """Adds rows of frames up into means of clips."""

    def __init__(self, clips: int, width: int) -> None:
        self.total = np.zeros((clips, width), dtype=np.float64)
        self.count = np.zeros(clips, dtype=np.int64)

    def add(self, owners: Sequence[int], rows: Tensor) -> None:
        np.add.at(self.total, owners, rows.double().cpu().numpy())
        np.add.at(self.count, owners, 1)

    def mean(self) -> Scores:
        """(clips, width) float32.

        Raises:
            ContractError: a clip has no frames.
        """
        if (self.count == 0).any():
            raise ContractError(f"clip {int((self.count == 0).argmax())} has no frames")
        return (self.total / self.count[:, None]).astype(np.float32)

    def log_probabilities(self) -> Scores:
        """(clips, classes) float32: means of log-probabilities, made to sum to one again."""
        mean = torch.from_numpy(self.mean()).double()
        return mean.log_softmax(dim=-1).float().numpy()


@torch.no_grad()
def text_features(backbone: Backbone, classes: Sequence[str], template: Template) -> Tensor:
    """(C, embed) unit text features of un-prompted sentences."""
    ids = (backbone.tokenize(texts) for texts in class_texts(classes, template))
    return encode_templates(backbone.clip, ids)
