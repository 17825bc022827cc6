"""CoCoOp: CoOp whose context moves with the image.

Kaiyang Zhou, Jingkang Yang, Chen Change Loy, Ziwei Liu, "Conditional Prompt Learning for
Vision-Language Models", CVPR 2022, after the public code (MIT). A small network h adds one vector,
made from the image, to every context vector:

    pi = h(x),  t_c(x) = [V_1 + pi] .. [V_n + pi] [class c],
    p(c | x) = softmax_c( s cos(x, g(t_c(x))) ),  x = n(f(image)),

so that every image has its own C texts: batches are of one image per domain and the method is
slow. Deviations:

* images need no gradient; `views` = V > 0 takes V fixed views of each image, encoded once;
* texts are cut behind the last end-of-text (exact, the mask is causal);
* a step takes one batch of labelled source and one of labelled target images;
* float32 or bfloat16 where the code runs in half precision;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area) and take larger batches;
  `quick` takes the mini CLIP and centre views, and a larger rate, as its temperature is about 13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from irfer_clip.backbone import Backbone
from irfer_clip.cocoop_params import CocoopParams
from irfer_clip.frozen_tower import FrozenTowerClassifier
from irfer_clip.prompting import CLIP, encode_text, normalize, place_context, trim, widths
from irfer_clip.prompts import prompt_texts, word_vectors

REDUCTION = 16
"""The hidden layer of h is a sixteenth of the embedding."""


class CocoopModel(nn.Module):
    """V: (n, text width), and h: embed to embed/16 to text width."""

    def __init__(self, n: int, embed: int, text_width: int) -> None:
        super().__init__()
        hidden = max(1, embed // REDUCTION)
        self.ctx = nn.Parameter(0.02 * torch.randn(n, text_width))
        self.meta_net = nn.Sequential(
            nn.Linear(embed, hidden), nn.ReLU(), nn.Linear(hidden, text_width)
        )

    def texts(self, clip: CLIP, ids: Tensor, x: Tensor, names: Sequence[int]) -> Tensor:
        """g(t(x)): (B, C, embed) unit features for (B, embed) unit image features."""
        ids = trim(ids)
        pi = self.meta_net(x)  # (B, text width)
        ctx = (self.ctx + pi[:, None])[:, None]  # (B, 1, n, text width)
        prompts = place_context(clip.token_embedding(ids), ctx, names).flatten(0, 1)
        encoded = encode_text(clip, ids.repeat(len(x), 1), embeddings=prompts)
        return normalize(encoded.float()).reshape(len(x), len(ids), -1)


class Cocoop(FrozenTowerClassifier[CocoopParams, CocoopModel]):
    """A context that a small network moves with the image."""

    name = "cocoop"

    def build(self, clip: CLIP, classes: int) -> CocoopModel:
        """V and h with random values."""
        _, text, embed = widths(clip)
        return CocoopModel(self.params.tokens, embed, text)

    def start(self, model: CocoopModel, backbone: Backbone) -> None:
        """V from the words of `ctx_init`."""
        if self.params.ctx_init:
            model.ctx.copy_(word_vectors(backbone, self.params.ctx_init, self.params.tokens))

    def texts(self, model: CocoopModel, backbone: Backbone) -> Tensor:
        """(C, L) token ids: the features follow from the image, in `compare`."""
        return prompt_texts(backbone, self.params.template, self.words, k=self.params.tokens)

    def compare(self, model: CocoopModel, backbone: Backbone, x: Tensor, o: Tensor) -> Tensor:
        """s cos(x, g(t_c(x))): (B, C)."""
        texts = model.texts(backbone.clip, o, x, [0] * len(o))
        with torch.autocast(x.device.type, enabled=False):
            return self.scale(backbone) * torch.einsum("bd,bcd->bc", x, texts)

    def contexts(self, model: CocoopModel) -> Mapping[str, Tensor]:
        """V before an image moves it."""
        return {"V": model.ctx}
