"""Parameters of CoCoOp; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_clip.classifier_params import ContextParams


class CocoopParams(ContextParams, frozen=True):
    """Conditional Context Optimization (Zhou et al., CVPR 2022)."""

    n_ctx: Annotated[int, fit("learned vectors; ctx_init has as many as words", ge=1, le=64)] = 4
    ctx_init: Annotated[str, fit("words to start from; empty is random")] = "a photo of a"
    batch: Annotated[int, fit("images per domain and step", ge=1)] = 1
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 10

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face", "batch": 8},
        "quick": {
            "backbone": "mini", "views": 1, "batch": 16, "epochs": 10, "lr": 0.3,
            "transforms": "face",
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 20.0, "apply": 2.0}
