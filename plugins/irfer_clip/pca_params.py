"""Parameters of PCA; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import Traits, apply, fit
from irfer_clip.classifier_params import PromptParams


class PcaParams(PromptParams, frozen=True):
    """Prompt-based Cross-modal feature Alignment (Shi et al., IEEE SPL 2025)."""

    cpt: Annotated[bool, fit("Cross-modal Prompt Transfer; with iga off too this is zero-shot")] = (
        True
    )
    k: Annotated[int, fit("learned tokens per layer", ge=1, le=16)] = 2
    J: Annotated[int, fit("prompted layers, the input layer included", ge=1, le=48)] = 9
    pda_mixed: Annotated[
        bool,
        fit("text prompts in all layers, free visual prompts in the last 5 of 12; J is not used"),
    ] = False
    prefix_style: Annotated[
        Literal["keep_words", "learned_only"],
        fit("learned tokens replace the first words of the template, or stand alone"),
    ] = "keep_words"
    template: Annotated[
        Literal["single", "face"], fit("photo of a class, or facial expression of a class")
    ] = "single"
    prompt_sharing: Annotated[
        Literal["shared", "per_domain"], fit("one set of T_l, or one per domain (test: target's)")
    ] = "shared"
    train_cls_token: Annotated[bool, fit("the image tower's class embedding learns too")] = False
    temperature: Annotated[
        float,
        fit("s in the logits; 0 takes exp(logit_scale) of the weights, 100 for OpenAI's", ge=0),
    ] = 0.0

    iga: Annotated[bool, fit("Image-Guided Alignment to the feature banks")] = True
    beta: Annotated[float, fit("factor of the IGA logits (lineage)", gt=0)] = 0.1
    iga_logits: Annotated[
        Literal["lineage", "cosine"], fit("beta s x'.o, or s cos(x', o) as eq (11) reads")
    ] = "lineage"
    epsilon: Annotated[
        Literal["ten", "sqrt", "learnable"], fit("divisor of Q K^T: 10, sqrt(D), learned from 10")
    ] = "ten"
    mlp_norm: Annotated[Literal["batch", "layer", "none"], fit("after the MLP's hidden layers")] = (
        "batch"
    )
    N: Annotated[int, fit("bank slots per class", ge=1, le=1000)] = 5
    bank_rule: Annotated[
        Literal["true_class_prob", "pda_correct_only"], fit("how bank samples are scored")
    ] = "true_class_prob"
    bank_mean: Annotated[
        Literal["filled", "divide_by_N"], fit("mean over filled slots, or over all N (PDA)")
    ] = "filled"
    target_bank: Annotated[
        Literal["labelled", "pseudo"],
        fit("labelled target images, or arg-max of unlabelled ones where the setting grants them"),
    ] = "labelled"
    bank_refresh_epochs: Annotated[
        int, fit("rebuild the banks from augmented views every so many epochs; 0 is never", ge=0)
    ] = 0
    lambda_base: Annotated[float, fit("weight of the base loss", ge=0)] = 0.5
    lambda_iga: Annotated[float, fit("weight of the IGA loss", ge=0)] = 0.5
    source_weight: Annotated[float, fit("weight of the source batch's mean loss", ge=0)] = 1.0
    target_weight: Annotated[float, fit("weight of the target batch's mean loss", ge=0)] = 1.0

    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.003
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 30
    infer: Annotated[Literal["sum", "base", "iga"], apply("base + w iga, or one of them")] = "sum"
    iga_weight: Annotated[float, apply("w of the sum", ge=0)] = 0.5
    base_weight: Annotated[float, apply("weight of the base logits in the sum", ge=0)] = 1.0

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face"},
        # Chosen on a fifth of fold 1's training subjects.
        "quick": {
            "backbone": "mini", "J": 3, "epochs": 5, "optimizer": "adamw", "lr": 3e-3,
            "transforms": "face",
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 20.0, "apply": 1.0}
    variants: ClassVar[dict[str, dict[str, Any]]] = {"literal": {"iga_logits": "cosine"}}

    def traits(self) -> Traits:
        """A bank of pseudo-labels needs unlabelled target images, which few settings grant."""
        return {"unlabelled": True} if self.target_bank == "pseudo" else {}
