"""Parameters of MPA-FER; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import fit
from irfer_clip.classifier_params import PromptParams


class MpaFerParams(PromptParams, frozen=True):
    """Multimodal Prompt Alignment for FER (Ma et al., ICCV 2025)."""

    n_ctx: Annotated[int, fit("learned vectors before the class name", ge=1, le=64)] = 10
    csc: Annotated[bool, fit("soft prompts per class")] = False
    visual_prompts: Annotated[bool, fit("learned tokens in every layer of the image tower")] = True
    n_visual: Annotated[int, fit("learned tokens per layer of the image tower", ge=1, le=256)] = 8
    before_ln_pre: Annotated[
        bool, fit("the first layer's tokens pass ln_pre, as in VPT's code on CLIP")
    ] = False

    beta: Annotated[float, fit("weight of L_t, soft against hard prompts; 0 is off", ge=0)] = 1.0
    gamma: Annotated[float, fit("weight of L_v, features against prototypes; 0 is off", ge=0)] = 1.0
    hard_prompt: Annotated[
        Literal["class", "expression", "description"],
        fit("granularity of the hard prompts: photo of a class, expression of it, described"),
    ] = "description"
    ta: Annotated[bool, fit("token-level part of L_t")] = True
    ta_axis: Annotated[
        Literal["soft", "hard", "sym"], fit("which prompts the denominator of L_ta runs over")
    ] = "soft"
    tau: Annotated[float, fit("temperature of the contrastive losses", gt=0)] = 0.07
    pa: Annotated[
        Literal["l1_sum", "l1_mean", "contrastive", "cosine", "off"], fit("form of L_pa")
    ] = "l1_sum"
    visual_loss: Annotated[Literal["cosine", "l1"], fit("form of L_v")] = "cosine"
    prototype_images: Annotated[
        int, fit("training images per class in a prototype; 0 takes all", ge=0)
    ] = 0
    align: Annotated[
        Literal["both", "global", "local"], fit("similarities that make the logits (CGLA)")
    ] = "both"
    topk: Annotated[int, fit("patches per class in the local similarity; 0 is all", ge=0)] = 16
    erasing: Annotated[float, fit("probability of random erasing", ge=0, le=1)] = 0.25
    max_norm: Annotated[float, fit("largest norm of the gradients; 0 is no limit", ge=0)] = 1.0

    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.032
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 120
    transforms: Annotated[
        Literal["clip", "face"], fit("random crops of 8 to 100 % of the area, or 80 to 100 %")
    ] = "face"

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"epochs": 60},
        # Chosen on a fifth of fold 1's training subjects.
        "quick": {
            "backbone": "mini", "epochs": 9, "optimizer": "adamw", "lr": 0.01, "beta": 0.1,
            "gamma": 0.1, "erasing": 0.0,
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 40.0, "apply": 1.0}
