"""CoOp: the words around the class name are learned vectors, both towers stay as they are.

Kaiyang Zhou, Jingkang Yang, Chen Change Loy, Ziwei Liu, "Learning to Prompt for Vision-Language
Models", International Journal of Computer Vision, 2022, after the public code (MIT). With the
prompt t_c = [V_1] .. [V_n] [class c] and the frozen encoders f and g,

    p(c | x) = softmax_c( s cos(f(x), g(t_c)) ),

and cross-entropy trains V: one context for all classes or one per class (`csc`), with the name at
the end, in the middle or in front. Deviations:

* images need no gradient, so that the image tower runs without one; `views` = V > 0 takes V fixed
  views of each image, encoded once, instead of a fresh random crop in each step;
* texts are cut behind the last end-of-text (exact, the mask is causal);
* `ctx_init` with `csc` starts every class from the words; the code ignores `csc` then;
* a step takes one batch of labelled source and one of labelled target images;
* 50 epochs (the code: 50 for 1 shot, 100 for 2 and 4, 200 for 8, 16 and all), float32 or bfloat16
  where the code runs in half precision;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area); `quick` takes the mini CLIP
  and centre views, and a larger rate, as its temperature is about 13 and not 100.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from irfer_clip.backbone import Backbone
from irfer_clip.coop_params import CoopParams
from irfer_clip.frozen_tower import FrozenTowerClassifier
from irfer_clip.prompting import (
    CLIP,
    Position,
    encode_text,
    normalize,
    place_context,
    trim,
    widths,
)
from irfer_clip.prompts import prompt_texts, word_vectors


class CoopModel(nn.Module):
    """V: (n, text width), or (C, n, text width), from N(0, 0.02^2)."""

    def __init__(self, *shape: int, position: Position = "end") -> None:
        super().__init__()
        self.ctx = nn.Parameter(0.02 * torch.randn(shape))
        self.position = position

    def texts(self, clip: CLIP, ids: Tensor, names: Sequence[int]) -> Tensor:
        """g(t): (C, embed) unit features; `names` are the tokens of each class name."""
        prompts = self.prompts(clip, trim(ids), names)
        return normalize(encode_text(clip, trim(ids), embeddings=prompts).float())

    def prompts(self, clip: CLIP, ids: Tensor, names: Sequence[int]) -> Tensor:
        """t: (C, L, text width)."""
        return place_context(clip.token_embedding(ids), self.ctx, names, self.position)


class Coop(FrozenTowerClassifier[CoopParams, CoopModel]):
    """A learned context in front of, around or behind the class name."""

    name = "coop"

    def build(self, clip: CLIP, classes: int) -> CoopModel:
        """V with random values."""
        p = self.params
        shape = (classes,) if p.csc else ()
        return CoopModel(*shape, p.tokens, widths(clip)[1], position=p.position)

    def start(self, model: CoopModel, backbone: Backbone) -> None:
        """V from the words of `ctx_init`."""
        if self.params.ctx_init:
            words = word_vectors(backbone, self.params.ctx_init, self.params.tokens)
            model.ctx.copy_(words.expand(model.ctx.shape))

    def texts(self, model: CoopModel, backbone: Backbone) -> Tensor:
        """o = g(t)."""
        p = self.params
        ids = prompt_texts(backbone, p.template, self.words, k=p.tokens)
        names = [len(backbone.tokenizer.encode(word)) for word in self.words]
        return model.texts(backbone.clip, ids, names)

    def contexts(self, model: CoopModel) -> Mapping[str, Tensor]:
        """V; one set per class with `csc`."""
        if self.params.csc:
            return {f"{name} ": own for name, own in zip(self.classes, model.ctx, strict=True)}
        return {"V": model.ctx}
