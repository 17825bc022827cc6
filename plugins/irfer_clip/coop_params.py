"""Parameters of CoOp; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import fit
from irfer_clip.classifier_params import ContextParams


class CoopParams(ContextParams, frozen=True):
    """Context Optimization (Zhou et al., IJCV 2022)."""

    csc: Annotated[bool, fit("a context per class")] = False
    position: Annotated[Literal["end", "middle", "front"], fit("place of the class name")] = "end"

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"transforms": "face"},
        "quick": {"backbone": "mini", "views": 1, "epochs": 30, "lr": 1.0, "transforms": "face"},
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 10.0, "apply": 1.0}
