"""MaPLe: prompts in the first J layers of both towers, the image's made from the text's.

Muhammad Uzair Khattak, Hanoona Rasheed, Muhammad Maaz, Salman Khan, Fahad Shahbaz Khan, "MaPLe:
Multi-modal Prompt Learning", CVPR 2023, after the public code (MIT). In the layers l = 0 .. J-1

    [_, W_l] = L_l([Q_l, W_{l-1}]) in the text tower,
    [c_l, E_l, _] = V_l([c_{l-1}, E_{l-1}, T_l(Q_l)]) in the image tower,

the classifier is CLIP's own, s cos(x, o), and cross-entropy trains Q_l and the linear maps T_l. Of
the code is kept that

* Q_0 starts from the first k of the words `ctx_init`, whose other words stay: "[q][q] of a X.";
* T_1 .. T_{J-1} start equal (`clone_init`), and T_0 does not;
* visual tokens of the input layer pass `ln_pre` and carry no position.

Deviations:

* texts are cut behind the last end-of-text (exact, the mask is causal), and the frozen linear maps
  keep no inputs for gradients that nobody takes;
* a step takes one batch of labelled source and one of labelled target images;
* float32 or bfloat16 where the code runs in half precision;
* `bench` and `quick` crop faces more gently (80 to 100 % of the area) and take batches of 32, since
  the data are whole sets and not 16 shots; `quick` takes the mini CLIP of 4 layers, and a larger
  rate, as its temperature is about 13 and not 100.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from irfer_bench.api import UsageError
from irfer_clip.backbone import Backbone
from irfer_clip.classifier_params import context_template
from irfer_clip.maple_params import MapleParams
from irfer_clip.prompt_classifier import PromptClassifier
from irfer_clip.prompting import CLIP, depth, encode_image, encode_text, normalize, widths
from irfer_clip.prompts import CoupledPrompts, prompt_texts, word_vectors


class MapleModel(nn.Module):
    """Q_l and T_l."""

    def __init__(self, clip: CLIP, *, k: int, layers: int, clone_init: bool) -> None:
        super().__init__()
        visual, text, _ = widths(clip)
        self.prompts = CoupledPrompts(k=k, depth=layers, text_width=text, visual_width=visual)
        maps = self.prompts.vl_proj
        for later in maps[2:] if clone_init else ():
            later.load_state_dict(maps[1].state_dict())

    def texts(self, clip: CLIP, ids: Tensor) -> Tensor:
        """o: (C, embed), with Q_l in the text tower."""
        return normalize(encode_text(clip, ids, self.prompts.text()).float())

    def images(self, clip: CLIP, images: Tensor) -> Tensor:
        """x: (B, embed), with T_l(Q_l) in the image tower."""
        return normalize(encode_image(clip, images, self.prompts.visual())[0].float())


class Maple(PromptClassifier[MapleParams, MapleModel]):
    """Coupled prompts in both towers of a frozen CLIP."""

    name = "maple"

    def build(self, clip: CLIP, classes: int) -> MapleModel:
        """Q and T with random values; UsageError where a tower has fewer layers."""
        p = self.params
        if min(depth(clip)) < p.J:
            raise UsageError(
                f"maple.J = {p.J} prompted layers, but the backbone has {depth(clip)[0]} visual "
                f"and {depth(clip)[1]} text layers", f"use at most {min(depth(clip))}")
        return MapleModel(clip, k=p.k, layers=p.J, clone_init=p.clone_init)

    def start(self, model: MapleModel, backbone: Backbone) -> None:
        """Q_0 from the first words of `ctx_init`."""
        if self.params.ctx_init:
            words = word_vectors(backbone, self.params.ctx_init, self.params.k)
            model.prompts.text_prompts[0].copy_(words)

    def texts(self, model: MapleModel, backbone: Backbone) -> Tensor:
        """o, prompted."""
        template = context_template(self.params.ctx_init, self.params.k)
        ids = prompt_texts(backbone, template, self.words, k=self.params.k)
        return model.texts(backbone.clip, ids)

    def contexts(self, model: MapleModel) -> Mapping[str, Tensor]:
        """Q_0: what later layers take are no words."""
        return {"Q": model.prompts.text_prompts[0]}

    def images(self, model: MapleModel, clip: CLIP, images: Tensor) -> Tensor:
        """x, prompted."""
        return model.images(clip, images)
