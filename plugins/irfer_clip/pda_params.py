"""Parameters of PDA; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from irfer_bench.api import apply, fit
from irfer_clip.classifier_params import PromptParams


class PdaParams(PromptParams, frozen=True):
    """Prompt-based Distribution Alignment (Bai et al., AAAI 2024), as its code runs Office-Home."""

    k: Annotated[int, fit("learned tokens per layer and tower", ge=1, le=16)] = 2
    N: Annotated[int, fit("bank slots per class", ge=1, le=1000)] = 5
    beta: Annotated[float, fit("factor of the IFT logits", gt=0)] = 0.1
    epsilon: Annotated[float, fit("divisor of Q K^T", gt=0)] = 10.0
    confidence: Annotated[
        float, fit("zero-shot probability from which a target image has a pseudo-label", ge=0, le=1)
    ] = 0.8
    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.003
    epochs: Annotated[int, fit("passes over the source", ge=1)] = 10

    ift_weight: Annotated[float, apply("w of the sum base + w IFT at test time", ge=0)] = 0.5

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face"},
        "quick": {
            "backbone": "mini", "epochs": 8, "lr": 0.03, "confidence": 0.5, "transforms": "face",
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 28.0, "apply": 1.0}
