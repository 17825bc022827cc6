"""Parameters of C3D and of C3D with an LSTM; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_dynamic.video_params import BENCH, VideoParams

QUICK: dict[str, Any] = {
    "segments": 16, "duration": 1, "size": 32, "width": 8, "epochs": 20, "batch": 16,
    "optimizer": "adamw", "lr": 2e-3, "muon_lr": 0.02, "weight_decay": 0.02,
    "schedule": "cosine", "crop": 0.8, "dropout": 0.2, "batch_norm": True,
}


class C3DParams(VideoParams, frozen=True):
    """C3D (Tran et al., ICCV 2015), trained by Former-DFER's recipe."""

    dropout: Annotated[float, fit("probability of a dropped unit", ge=0, lt=1)] = 0.5
    batch_norm: Annotated[bool, fit("normalise behind each convolution")] = False

    network: ClassVar[str] = "c3d"
    presets: ClassVar[dict[str, dict[str, Any]]] = {"bench": BENCH, "quick": QUICK}
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 52.0, "apply": 1.0}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.frames < 16:
            raise ValueError(
                "segments x duration must be 16 frames or more: they are halved four times")


class C3DLstmParams(VideoParams, frozen=True):
    """C3D's convolutions, read over time by an LSTM."""

    hidden: Annotated[int, fit("units of the LSTM", ge=1, le=4096)] = 512
    dropout: Annotated[float, fit("probability of a dropped unit", ge=0, lt=1)] = 0.5
    batch_norm: Annotated[bool, fit("normalise behind each convolution")] = False

    network: ClassVar[str] = "c3d_lstm"
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": BENCH, "quick": {**QUICK, "epochs": 26, "hidden": 64},
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 43.0, "apply": 1.0}
