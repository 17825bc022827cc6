"""Parameters of Former-DFER; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_dynamic.video_params import BENCH, VideoParams


class FormerDferParams(VideoParams, frozen=True):
    """Former-DFER (Zhao and Liu, ACM Multimedia 2021)."""

    heads: Annotated[int, fit("attention heads of both transformers", ge=1, le=32)] = 8
    spatial_depth: Annotated[int, fit("layers over the places of a frame", ge=0, le=12)] = 1
    temporal_depth: Annotated[int, fit("layers over the frames", ge=1, le=12)] = 3

    network: ClassVar[str] = "former_dfer"
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": BENCH,
        "quick": {
            "segments": 8, "duration": 1, "size": 48, "width": 16, "epochs": 24, "batch": 16,
            "optimizer": "adamw", "lr": 1.5e-3, "weight_decay": 0.05, "schedule": "cosine",
            "crop": 0.5, "brightness": 0.3,
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 45.0, "apply": 1.0}

    def __post_init__(self) -> None:
        super().__post_init__()
        if 4 * self.width % self.heads:
            raise ValueError("4 x width must be a multiple of heads")
