"""DFER-CLIP: a CLIP whose image tower is trained, a transformer over frames, descriptions as text.

Zengqun Zhao and Ioannis Patras, "Prompting Visual-Language Models for Dynamic Facial Expression
Recognition", BMVC 2023, after the public code (MIT). With the image tower f, the temporal
transformer T behind its class token c, the frozen text tower g and learned words V_k per class,

    v = n(T([c, f(x_1), ..., f(x_16)] + P)_0)        o_k = n(g([V_k] [description k]))
    p(k | x) = softmax_k( cos(v, o_k) / 0.01 ),

and cross-entropy trains f, T and V. Frames are in 0..1, without CLIP's mean and deviation.
Deviations:

* the last epoch is kept; the code reports the epoch that is best on the test clips, which `fit`
  never sees here (`best_on_validation` takes held-out training clips);
* the last batch of an epoch is not dropped: batches are of nearly one size;
* texts are cut behind the last end-of-text (exact, the mask is causal);
* `bench` and `quick` crop faces more gently (80 to 100 % of the area); `bench` trains for 25 epochs
  on frames of the whole clip; `quick` takes the mini CLIP with its mean and deviation, 8 frames,
  and larger rates for 6 epochs.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from irfer_bench.api import Clip, Clips, Context, Features, Scores, TrainingData
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.clip_scores import score_videos
from irfer_bench.nn.clip_training import ClipRecipe, train_on_clips
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import FrameSampling
from irfer_bench.nn.schedules import step_decay
from irfer_bench.nn.temporal_transformer import TemporalTransformer
from irfer_clip.backbone import Backbone
from irfer_clip.classifier import ClipClassifier, scaled_cosine
from irfer_clip.dfer_clip_params import DferClipParams
from irfer_clip.images import standardize
from irfer_clip.prompting import CLIP, encode_image, encode_text, normalize, trim, widths
from irfer_clip.prompts import prompt_texts
from irfer_clip.texts import describe

SCALE = 100.0
"""1 / 0.01: the temperature is fixed, CLIP's own is not read."""


class DferClipModel(nn.Module):
    """All that is trained: f, T and V, the last from N(0, 0.02^2)."""

    def __init__(self, visual: nn.Module, temporal: TemporalTransformer, ctx: Tensor) -> None:
        super().__init__()
        self.visual, self.temporal = visual, temporal
        self.ctx = nn.Parameter(0.02 * ctx)

    def video(self, clips: Tensor) -> Tensor:
        """v: (B, T, 3, S, S) to (B, embed) unit features."""
        frames = encode_image(self, clips.flatten(0, 1))[0]
        return normalize(self.temporal(frames.view(*clips.shape[:2], -1)).float())

    def texts(self, clip: CLIP, ids: Tensor) -> Tensor:
        """o: (C, embed) unit features; V takes the place of the tokens behind start-of-text."""
        return normalize(encode_text(clip, trim(ids), [self.ctx]).float())


class DferClip(ClipClassifier[DferClipParams, DferClipModel]):
    """Compares a whole video with a description of each expression."""

    name = "dfer_clip"

    def build(self, clip: CLIP, classes: int) -> DferClipModel:
        """A copy of CLIP's image tower, and random T and V."""
        p, (_, text, embed) = self.params, widths(clip)
        temporal = TemporalTransformer(
            embed, p.segments, depth=p.depth, heads=p.heads, head_width=embed // p.heads,
            hidden=2 * embed,
        )
        visual = copy.deepcopy(clip.visual).requires_grad_(True)
        shape = (classes, p.n_ctx, text) if p.csc else (p.n_ctx, text)
        return DferClipModel(visual, temporal, torch.randn(shape))

    def texts(self, model: DferClipModel, backbone: Backbone) -> Tensor:
        """o: the texts behind the learned words."""
        k = self.params.n_ctx
        ids = prompt_texts(backbone, f"{' '.join(['X'] * k)} {{}}", self.class_texts(), k=k)
        return model.texts(backbone.clip, ids)

    def class_texts(self) -> tuple[str, ...]:
        """What stands behind the learned words."""
        if self.params.text == "description":
            return tuple(describe(self.classes, self.sentences))
        template = self.template("expression") if self.params.text == "expression" else "{}."
        return tuple(template.replace("{}", word) for word in self.words)

    def train(
        self, model: DferClipModel, backbone: Backbone, data: TrainingData, ctx: Context
    ) -> None:
        """SGD with a rate of its own for each part."""
        p = self.params
        optimizer = torch.optim.SGD(
            [
                {"params": list(model.temporal.parameters()), "lr": p.lr},
                {"params": list(model.visual.parameters()), "lr": p.lr_image},
                {"params": [model.ctx], "lr": p.lr_prompts},
            ],
            lr=p.lr, momentum=0.9, weight_decay=p.weight_decay,
        )

        def logits(clips: Tensor) -> Tensor:
            return _compare(model.video(clips), self.texts(model, backbone))

        ctx.report("trained_parameters", sum(q.numel() for q in model.parameters()))
        train_on_clips(
            self.name, model, logits, data=data, inputs=self.inputs(backbone), ctx=ctx,
            recipe=ClipRecipe(
                p.epochs, p.batch, lambda epoch: step_decay(epoch, p.milestones), p.selection),
            optimizer=optimizer,
        )

    @property
    def frames_taken(self) -> int:
        """Frames of a video that its clips take when scored."""
        return self.params.segments * self.params.test_clips

    @torch.no_grad()
    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both in one pass over the videos."""
        backbone, model, o = self._restored(ctx)
        p = self.params

        def rows(x: Tensor) -> tuple[Tensor, Tensor]:
            video = model.video(x)
            return _compare(video, o), video

        return score_videos(
            clips, rows, self.inputs(backbone), classes=len(self.classes),
            width=widths(backbone.clip)[2], ctx=ctx, batch=p.predict_batch, count=p.test_clips,
            split=p.clip_split, by=p.clip_mean)

    def inputs(self, backbone: Backbone) -> ClipInput:
        """How clips become the image tower's input."""
        p = self.params
        view = ClipView(backbone.size, (p.crop, 1.0), flip=p.flip, brightness=p.brightness,
                        rotation=p.rotation)

        def finish(x: Tensor, clip: Clip) -> Tensor:
            if p.normalise == "none":
                return x
            infrared = torch.full((len(x),), clip.spectrum != "vis")
            return standardize(x, infrared, backbone, p.ir_norm)

        return ClipInput(FrameSampling(p.segments, mode=p.segment_mode), view, finish)


def _compare(video: Tensor, texts: Tensor) -> Tensor:
    return scaled_cosine(video, texts, video.new_tensor(SCALE))
