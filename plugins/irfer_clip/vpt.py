"""VPT: visual prompt tuning of CLIP's image tower, sentences fixed.

Jia et al., "Visual Prompt Tuning", ECCV 2022 (VPT-deep), in the form in which the public code of
MaPLe (Khattak et al., CVPR 2023, MIT) runs it on CLIP: n tokens stand behind the patches at the
input of the first J blocks, replace those of the block before, and are all that is trained; the
classifier is CLIP's own, s cos(x, o), with fixed sentences. Deviations:

* the paper puts its tokens between class token and patches; they carry no position and attention
  is full, so the place does not matter;
* the tokens of the input layer pass `ln_pre`, as in MaPLe's code;
* a step takes one batch of labelled source and one of labelled target images: the papers know one
  domain;
* float32 or bfloat16 where MaPLe's code runs in half precision;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area) and take batches of 32;
  `bench` trains for 30 epochs, since the data are whole sets and not 16 shots; `quick` takes the
  mini CLIP of 4 layers, whose temperature is about 13 and not 100: rate 1 (the best of 0.1, 0.3 and
  1 on a fifth of fold 1's training subjects), 8 epochs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from irfer_bench.api import UsageError
from irfer_clip.backbone import Backbone
from irfer_clip.prompt_classifier import PromptClassifier
from irfer_clip.prompting import CLIP, depth, encode_image, normalize, widths
from irfer_clip.vpt_params import VptParams


class VisionPrompts(nn.Module):
    """P_0 .. P_{J-1}, each (n, width), from N(0, 0.02^2)."""

    def __init__(self, n: int, layers: int, width: int) -> None:
        super().__init__()
        self.prompts = nn.ParameterList(
            nn.Parameter(0.02 * torch.randn(n, width)) for _ in range(layers)
        )

    def forward(self, clip: CLIP, images: Tensor) -> Tensor:
        """[x_i, _] = L_i([x_{i-1}, P_{i-1}]): (B, 3, S, S) to (B, embed) unit features."""
        return normalize(encode_image(clip, images, list(self.prompts))[0].float())


class Vpt(PromptClassifier[VptParams, VisionPrompts]):
    """Deep vision prompts on a frozen CLIP."""

    name = "vpt"

    def build(self, clip: CLIP, classes: int) -> VisionPrompts:
        """The prompts of the first J layers; UsageError where the tower has fewer."""
        if self.params.depth > depth(clip)[0]:
            raise UsageError(
                f"vpt.depth = {self.params.depth}, but the image tower has {depth(clip)[0]} layers",
                f"use at most {depth(clip)[0]}",
            )
        return VisionPrompts(self.params.n, self.params.depth, widths(clip)[0])

    def texts(self, model: VisionPrompts, backbone: Backbone) -> Tensor:
        """o: (C, embed), fixed."""
        return self.sentence_features(backbone, self.params.template)

    def images(self, model: VisionPrompts, clip: CLIP, images: Tensor) -> Tensor:
        """x: (B, embed) with the prompts."""
        features: Tensor = model(clip, images)
        return features
