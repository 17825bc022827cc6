"""Parameters of VPT on CLIP; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import fit
from irfer_clip.classifier_params import PromptParams


class VptParams(PromptParams, frozen=True):
    """Deep vision prompts, in the configuration of MaPLe's public code (few-shot images)."""

    n: Annotated[int, fit("learned tokens per layer", ge=1, le=256)] = 8
    depth: Annotated[int, fit("prompted layers, the input layer included", ge=1, le=48)] = 12
    template: Annotated[
        Literal["single", "face", "descr", "ensemble"], fit("the fixed sentences about the classes")
    ] = "single"
    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.0025
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 5
    batch: Annotated[int, fit("images per domain and step", ge=2)] = 4

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face", "batch": 32, "epochs": 30},
        "quick": {
            "backbone": "mini", "depth": 4, "batch": 32, "epochs": 8, "lr": 1.0,
            "transforms": "face",
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 20.0, "apply": 1.0}
