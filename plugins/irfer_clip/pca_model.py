"""PCA's equations: prompted encoding, alignment, logits, losses (recognizers.md §6.2 to §6.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from irfer_clip.alignment import Alignment
from irfer_clip.pca_params import PcaParams
from irfer_clip.prompting import depth, encode_image, encode_text, unit, widths
from irfer_clip.prompts import CoupledPrompts, prompt_depths


@dataclass(frozen=True, slots=True)
class Views:
    """One domain's labelled batch: (B, 3, S, S) images and (B,) columns."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Prediction:
    """(B, C) logits of both branches, the aligned feature x', and attentions to the centres."""

    base: Tensor
    iga: Tensor | None
    aligned: Tensor | None
    attention: tuple[Tensor, Tensor] | None


class PcaModel(nn.Module):
    """What PCA trains: Q_l and T_l (CPT), f_pr and f_po (IGA); and the two banks' centres.

    The frozen CLIP is passed in, not held, so that a checkpoint holds only what was learned.
    """

    source_centres: Tensor
    target_centres: Tensor

    def __init__(self, params: PcaParams, clip: Any, classes: int) -> None:
        super().__init__()
        self.params = params
        visual, text, embed = widths(clip)
        self.prompts: CoupledPrompts | None = None
        if params.cpt:
            J, coupled, deep = prompt_depths(J=params.J, mixed=params.pda_mixed, layers=depth(clip))
            self.prompts = CoupledPrompts(
                k=params.k,
                depth=J,
                text_width=text,
                visual_width=visual,
                coupled=coupled,
                visual_depth=deep,
                per_domain=params.prompt_sharing == "per_domain",
            )
        self.iga: Alignment | None = None
        if params.iga:
            self.iga = Alignment(
                embed,
                norm=params.mlp_norm,
                learnable=params.epsilon == "learnable",
                epsilon=embed**0.5 if params.epsilon == "sqrt" else 10.0,
            )
        self.class_token = (
            nn.Parameter(clip.visual.class_embedding.detach().clone())
            if params.train_cls_token
            else None
        )
        self.register_buffer("source_centres", torch.zeros(classes, embed))
        self.register_buffer("target_centres", torch.zeros(classes, embed))

    def encode_texts(self, clip: Any, ids: Tensor) -> Tensor:
        """o: (C, embed) unit text features, prompted where CPT is on."""
        return unit(encode_text(clip, ids, self.prompts.text() if self.prompts else ()).float())

    def encode_images(self, clip: Any, images: Tensor, sources: int = 0) -> Tensor:
        """x_v: (B, embed) unit features; the first `sources` images are of the source domain."""
        if self.prompts is None and self.class_token is None:
            with torch.no_grad():
                return unit(encode_image(clip, images)[0].float())
        tokens = self.prompts.visual() if self.prompts else []
        if self.prompts and sources and self.params.prompt_sharing == "per_domain":
            other = self.prompts.visual(source=True)
            tokens = [
                _by_domain(s, t, sources, len(images)) for s, t in zip(other, tokens, strict=True)
            ]
        features, _ = encode_image(clip, images, tokens, class_token=self.class_token)
        return unit(features.float())

    def predict(self, x: Tensor, o: Tensor, scale: Tensor) -> Prediction:
        """Base logits s x_v.o (eq 7); IGA logits beta s x'.o, or s cos(x', o) as eq (11) reads."""
        # Times 100, bfloat16 would be off by half a logit: the encoders alone run in it.
        with torch.autocast(x.device.type, enabled=False):
            base = scale * x @ o.T
            if self.iga is None:
                return Prediction(base, None, None, None)
            aligned, attention = self.iga(x, self.source_centres, self.target_centres)
            if self.params.iga_logits == "cosine":
                logits = scale * unit(aligned) @ o.T
            else:
                logits = self.params.beta * scale * aligned @ o.T
        return Prediction(base, logits, aligned, attention)

    def loss(
        self, clip: Any, ids: Tensor, source: Views | None, target: Views | None, scale: Tensor
    ) -> Tensor:
        """lambda1 CE_base + lambda2 CE_iga, each the weighted sum of the two domains' means.

        A domain without samples is None and its terms are dropped.
        """
        given = [
            (views, weight)
            for views, weight in (
                (source, self.params.source_weight),
                (target, self.params.target_weight),
            )
            if views is not None
        ]
        o = self.encode_texts(clip, ids)
        images = torch.cat([views.images for views, _ in given])
        x = self.encode_images(clip, images, sources=len(source.images) if source else 0)
        total = x.new_zeros(())
        for (views, weight), part in zip(
            given, torch.split(x, [len(v.images) for v, _ in given]), strict=True
        ):
            predicted = self.predict(part, o, scale)
            total = total + weight * self.domain_loss(predicted, views.labels)
        return total

    def domain_loss(self, predicted: Prediction, labels: Tensor) -> Tensor:
        """lambda1 CE(base) + lambda2 CE(iga) of one domain's batch."""
        loss = self.params.lambda_base * F.cross_entropy(predicted.base, labels)
        if predicted.iga is not None:
            loss = loss + self.params.lambda_iga * F.cross_entropy(predicted.iga, labels)
        return loss

    def combine(self, predicted: Prediction) -> Tensor:
        """Logits at test time; base + 0.5 iga by default (recognizers.md §6.7)."""
        if predicted.iga is None or self.params.infer == "base":
            return predicted.base
        if self.params.infer == "iga":
            return predicted.iga
        return self.params.base_weight * predicted.base + self.params.iga_weight * predicted.iga

    def trainable(self) -> int:
        """Number of trained scalars: 3,954,816 with ViT-B/16, k = 2, J = 9."""
        return sum(p.numel() for p in self.parameters())


def _by_domain(source: Tensor, target: Tensor, sources: int, total: int) -> Tensor:
    return torch.cat([source.expand(sources, -1, -1), target.expand(total - sources, -1, -1)])
