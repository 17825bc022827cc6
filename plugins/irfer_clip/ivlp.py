"""IVLP: prompts in every layer of both towers, independent of each other.

The baseline "independent V-L prompting" of Khattak et al., "MaPLe: Multi-modal Prompt Learning",
CVPR 2023, after the public code (MIT): as MaPLe, but the visual tokens P_l are parameters of their
own and follow from no Q_l. Q_0 starts from the first words of `ctx_init`, everything else from
N(0, 0.02^2). Deviations:

* texts are cut behind the last end-of-text (exact, the mask is causal);
* a step takes one batch of labelled source and one of labelled target images;
* float32 or bfloat16 where the code runs in half precision;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area) and take batches of 32;
  `quick` takes the mini CLIP of 4 layers, and a larger rate, as its temperature is about 13.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from irfer_bench.api import UsageError
from irfer_clip.backbone import Backbone
from irfer_clip.classifier_params import context_template
from irfer_clip.ivlp_params import IvlpParams
from irfer_clip.prompt_classifier import PromptClassifier
from irfer_clip.prompting import CLIP, depth, encode_image, encode_text, normalize, widths
from irfer_clip.prompts import prompt_texts, word_vectors


class IvlpModel(nn.Module):
    """Q_l for the text tower and P_l for the image tower, from N(0, 0.02^2)."""

    def __init__(self, clip: CLIP, *, k: int, n: int, text_layers: int, visual_layers: int) -> None:
        super().__init__()
        visual, text, _ = widths(clip)
        self.text_prompts = _noise(text_layers, k, text)
        self.visual_prompts = _noise(visual_layers, n, visual)

    def texts(self, clip: CLIP, ids: Tensor) -> Tensor:
        """o: (C, embed)."""
        return normalize(encode_text(clip, ids, list(self.text_prompts)).float())

    def images(self, clip: CLIP, images: Tensor) -> Tensor:
        """x: (B, embed)."""
        return normalize(encode_image(clip, images, list(self.visual_prompts))[0].float())


class Ivlp(PromptClassifier[IvlpParams, IvlpModel]):
    """Independent prompts in both towers of a frozen CLIP."""

    name = "ivlp"

    def build(self, clip: CLIP, classes: int) -> IvlpModel:
        """Q and P with random values; UsageError where a tower has fewer layers."""
        p, layers = self.params, depth(clip)
        for name, wanted, found in zip(
            ("depth_visual", "depth_text"), (p.depth_visual, p.depth_text), layers, strict=True
        ):
            if wanted > found:
                raise UsageError(
                    f"ivlp.{name} = {wanted}, but that tower has {found} layers",
                    f"use at most {found}",
                )
        return IvlpModel(
            clip, k=p.k, n=p.n, text_layers=p.depth_text, visual_layers=p.depth_visual)

    def start(self, model: IvlpModel, backbone: Backbone) -> None:
        """Q_0 from the first words of `ctx_init`."""
        if self.params.ctx_init:
            words = word_vectors(backbone, self.params.ctx_init, self.params.k)
            model.text_prompts[0].copy_(words)

    def texts(self, model: IvlpModel, backbone: Backbone) -> Tensor:
        """o, prompted."""
        template = context_template(self.params.ctx_init, self.params.k)
        ids = prompt_texts(backbone, template, self.words, k=self.params.k)
        return model.texts(backbone.clip, ids)

    def contexts(self, model: IvlpModel) -> Mapping[str, Tensor]:
        """Q_0: what later layers take are no words."""
        return {"Q": model.text_prompts[0]}

    def images(self, model: IvlpModel, clip: CLIP, images: Tensor) -> Tensor:
        """x, prompted."""
        return model.images(clip, images)


def _noise(layers: int, n: int, width: int) -> nn.ParameterList:
    return nn.ParameterList(nn.Parameter(0.02 * torch.randn(n, width)) for _ in range(layers))
