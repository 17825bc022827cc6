"""Parameters of IVLP; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_clip.classifier_params import PromptParams


class IvlpParams(PromptParams, frozen=True):
    """Independent prompts of both towers, in the configuration of MaPLe's public code."""

    k: Annotated[int, fit("learned tokens per layer of the text tower", ge=1, le=16)] = 2
    n: Annotated[int, fit("learned tokens per layer of the image tower", ge=1, le=256)] = 2
    depth_text: Annotated[int, fit("prompted layers, the input layer included", ge=1, le=48)] = 12
    depth_visual: Annotated[int, fit("prompted layers, the input layer included", ge=1, le=48)] = 12
    ctx_init: Annotated[
        str, fit("words before the class, of which the first k are learned; empty is random")
    ] = "a photo of a"
    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.0025
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 5
    batch: Annotated[int, fit("images per domain and step", ge=1)] = 4

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face", "batch": 32, "epochs": 30},
        "quick": {
            "backbone": "mini", "depth_text": 4, "depth_visual": 4, "batch": 32, "epochs": 10,
            "lr": 1.0, "transforms": "face",
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 25.0, "apply": 1.0}
