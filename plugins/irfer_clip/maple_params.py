"""Parameters of MaPLe; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_clip.classifier_params import PromptParams


class MapleParams(PromptParams, frozen=True):
    """Multi-modal prompts, in the public code's configuration for few-shot images."""

    k: Annotated[int, fit("learned tokens per layer", ge=1, le=16)] = 2
    J: Annotated[int, fit("prompted layers, the input layer included", ge=1, le=48)] = 9
    ctx_init: Annotated[
        str, fit("words before the class, of which the first k are learned; empty is random")
    ] = "a photo of a"
    clone_init: Annotated[bool, fit("the maps of the deep layers start equal, as in the code")] = (
        True
    )
    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.0035
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 5
    batch: Annotated[int, fit("images per domain and step", ge=1)] = 4

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face", "batch": 32, "epochs": 30},
        "quick": {
            "backbone": "mini", "J": 3, "batch": 32, "epochs": 10, "lr": 0.03,
            "transforms": "face",
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 20.0, "apply": 1.0}
