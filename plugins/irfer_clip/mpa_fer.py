"""MPA-FER: soft prompts learn from described expressions, visual prompts from class prototypes.

Fuyan Ma, Yiran He, Bin Sun, Shutao Li, "Multimodal Prompt Alignment for Facial Expression
Recognition", ICCV 2025. No code is public. On a frozen CLIP

    L = L_vt + beta L_t + gamma L_v,  L_t = L_ta + L_pa,
    logits_c = s (S_g + S_loc),  S_g = cos(z^g, o_c),  S_loc = mean of the top k of cos(z^l_i, o_c),

with L_vt the cross-entropy of the logits, L_ta the contrast of pooled tokens of soft and hard
prompts, L_pa their distance behind the text tower, and L_v that of z^g to the mean plain feature of
its class. The equations are in `mpa_fer_model.py`. Decisions and deviations, as far as abstract and
supplement leave them open:

* tokens are pooled by the mean between start and end of the text, tau = 0.07;
* L_pa is the L1 norm, summed over dimensions; the text features are unit vectors;
* L_v is 1 - cos; `l1` compares the features as they are;
* patches pass `ln_post` and `proj` as the class token does; visual prompts enter after `ln_pre`;
* one context for all classes; s = exp(logit_scale) of the loaded weights;
* momentum 0.9, weight decay 5e-4, one warm-up epoch, crops of 80 to 100 % of the area, erasing with
  probability 0.25, gradients of norm 1 at most;
* prototypes are means over the labelled images of both domains, and a step takes one batch of each:
  the paper knows one domain;
* `bench` trains for 60 epochs; `quick` takes the mini CLIP, 9 epochs of AdamW, no erasing, and
  beta = gamma = 0.1: its s is about 13 and not 100, and with weights of 1 the alignment to texts
  that tell little outweighs L_vt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from irfer_bench.api import Clip, Context, Regions, UsageError
from irfer_bench.nn.frames import Frame
from irfer_bench.nn.views import erase
from irfer_clip.backbone import Backbone
from irfer_clip.classifier_params import context_template
from irfer_clip.features import plain_features, text_features
from irfer_clip.mpa_fer_model import HardPrompts, MpaFerModel, pool_tokens
from irfer_clip.mpa_fer_params import MpaFerParams
from irfer_clip.prompt_classifier import Batch, PromptClassifier, Task, together
from irfer_clip.prompting import CLIP, normalize
from irfer_clip.prompts import prompt_texts
from irfer_clip.texts import Sentences, Template, class_texts

GRANULARITY: dict[str, Template] = {
    "class": "plain", "expression": "bare", "description": "descr",
}  # fmt: skip


class MpaFer(PromptClassifier[MpaFerParams, MpaFerModel]):
    """Soft and visual prompts, aligned with hard prompts and prototypes."""

    name = "mpa_fer"

    def build(self, clip: CLIP, classes: int) -> MpaFerModel:
        """Random prompts, prototypes at zero; UsageError where k exceeds the patches."""
        patches = clip.visual.positional_embedding.shape[0] - 1
        if self.params.align != "global" and self.params.topk > patches:
            raise UsageError(
                f"mpa_fer.topk = {self.params.topk}, but an image has {patches} patches",
                f"use at most {patches}",
            )
        return MpaFerModel(self.params, clip, classes)

    def is_frozen(self, model: MpaFerModel) -> bool:
        """Without visual prompts and patches, images pass the plain tower."""
        return model.visual_prompts is None and self.params.align == "global"

    def texts(self, model: MpaFerModel, backbone: Backbone) -> Tensor:
        """o = theta(t)."""
        return model.texts(backbone.clip, self.ids(backbone))

    def classify(
        self, model: MpaFerModel, backbone: Backbone, images: Tensor, o: Tensor
    ) -> tuple[Tensor, Tensor]:
        """s (S_g + S_loc), and the unit z^g."""
        z, patches = model.images(backbone.clip, images, self.params.align != "global")
        total = model.similarities(z, patches, o).total
        return self.scale(backbone) * total, F.normalize(z, dim=-1)

    def loss(self, model: MpaFerModel, task: Task, batches: Mapping[str, Batch]) -> Tensor:
        """L = L_vt + beta L_t + gamma L_v."""
        p, backbone, batch = self.params, task.backbone, together(batches)
        ids, o = self.ids(backbone), self.texts(model, backbone)
        z, patches = model.images(backbone.clip, batch.images, p.align != "global")
        logits = self.scale(backbone) * model.similarities(z, patches, o).total
        with torch.autocast(z.device.type, enabled=False):
            loss = F.cross_entropy(logits, batch.labels)
            if p.beta:
                hard = hard_prompts(backbone, self.classes, p.hard_prompt, self.sentences)
                loss = loss + p.beta * model.text_loss(backbone.clip, ids, o, hard)
            if p.gamma:
                loss = loss + p.gamma * model.visual_loss(z, batch.labels)
        return loss

    def prepare(self, model: MpaFerModel, task: Task, epoch: int) -> None:
        """Prototypes from plain features of the labelled images, once."""
        if epoch or not self.params.gamma:
            return
        features = torch.cat([plain_features(t, task.view, task.ctx) for t in task.tables.values()])
        labels = torch.cat([table.labels for table in task.tables.values()])
        generator = torch.Generator().manual_seed(task.ctx.seed_for(self.name, "prototypes"))
        absent = 0
        for c in range(len(self.classes)):
            members = (labels == c).nonzero()[:, 0]
            if self.params.prototype_images:
                order = torch.randperm(len(members), generator=generator)
                members = members[order[: self.params.prototype_images]]
            absent += not len(members)
            if len(members):
                model.prototypes[c] = features[members.to(features.device)].mean(dim=0)
        task.ctx.report("classes_without_prototype", absent)

    def examples(
        self, task: Task, name: str, index: Sequence[int], generator: torch.Generator
    ) -> Tensor:
        """Random crops and flips, with rectangles erased."""
        images = super().examples(task, name, index, generator)
        return erase(images, self.params.erasing, generator) if self.params.erasing else images

    @property
    def clip_norm(self) -> float | None:
        """1 by default: with s = 100 and rate 0.032 single steps are large."""
        return self.params.max_norm or None

    def contexts(self, model: MpaFerModel) -> Mapping[str, Tensor]:
        """v; one set per class with `csc`."""
        if self.params.csc:
            return {f"{name} ": own for name, own in zip(self.classes, model.ctx, strict=True)}
        return {"v": model.ctx}

    @torch.no_grad()
    def explain(self, clip: Clip, ctx: Context) -> Sequence[Regions]:
        """The patches that S_loc chose for the predicted class, in the middle scored frame.

        A weight is the patch's cosine with the text of that class. Without S_loc there are none.
        """
        if self.params.align == "global":
            return ()
        backbone, model, o = self._restored(ctx)
        frames = clip.scored_frames()
        middle = len(frames) // 2
        image = self.view(backbone).evaluate([Frame(frames[middle], clip.spectrum)])
        z, patches = model.images(backbone.clip, image, True)
        assert patches is not None
        found = model.similarities(z, patches, o)
        assert found.patches is not None
        c = int(found.total[0].argmax())
        chosen = found.patches[0, :, c]
        weights = (normalize(patches[0, chosen]) @ o[c]).float().cpu().numpy()
        name = f"patches of S_loc for {self.classes[c]}"
        return (Regions(name, _patch_boxes(chosen, patches.shape[1]), weights, middle),)

    def ids(self, backbone: Backbone) -> Tensor:
        """(C, L) token ids of the soft prompts."""
        template = context_template("", self.params.n_ctx)
        return prompt_texts(backbone, template, self.words, k=self.params.n_ctx)


@lru_cache(maxsize=4)
@torch.no_grad()
def hard_prompts(
    backbone: Backbone, classes: tuple[str, ...], granularity: str, sentences: Sentences
) -> HardPrompts:
    """t*_c of one granularity; encoded once per process.

    Raises:
        UsageError: a class has no description, or a text exceeds the context.
    """
    template = GRANULARITY[granularity]
    (texts,) = class_texts(classes, template, sentences)
    ids = backbone.tokenize(texts)
    return HardPrompts(
        text_features(backbone, classes, template, sentences),
        pool_tokens(backbone.clip.token_embedding(ids).float(), ids),
    )


def _patch_boxes(chosen: Tensor, count: int) -> NDArray[np.float64]:
    """(K, 4) fractions of a square image that `count` patches tile row by row."""
    side = round(count**0.5)
    rows, columns = np.divmod(chosen.cpu().numpy(), side)
    boxes: NDArray[np.float64] = np.stack([columns, rows, columns + 1, rows + 1], axis=1) / side
    return boxes
