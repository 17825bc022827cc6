"""Parameters of R3D-18, MC3-18 and R(2+1)D-18; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from irfer_bench.api import UsageError, fit
from irfer_bench.nn.weights import Pretrained, digest, locate
from irfer_dynamic.video_params import BENCH, VideoParams

FILES = {
    "r3d_18": "r3d_18-b3b3357e.pth",
    "mc3_18": "mc3_18-a90a0ba3.pth",
    "r2plus1d_18": "r2plus1d_18-91a641e6.pth",
}
KINETICS = {
    network: Pretrained(
        name=f"of torchvision's {network} (Kinetics-400)",
        files=(file,),
        sha256=file.rpartition("-")[2].removesuffix(".pth"),
        source=f"https://download.pytorch.org/models/{file}",
    )
    for network, file in FILES.items()
}
QUICK: dict[str, Any] = {
    "segments": 8, "duration": 1, "size": 40, "width": 8, "epochs": 32, "batch": 16,
    "optimizer": "adamw", "lr": 2e-3, "weight_decay": 0.02, "schedule": "cosine", "crop": 0.8,
}
QUICK_MC3: dict[str, Any] = {**QUICK, "size": 32, "epochs": 24, "muon_lr": 0.02}
"""Of the network that convolves over space alone from its second stage on."""


class R3DParams(VideoParams, frozen=True):
    """R3D-18 (Tran et al., CVPR 2018), trained by Former-DFER's recipe."""

    weights: Annotated[
        str, fit("none, kinetics, or the path of a torchvision checkpoint of this network")
    ] = "none"

    network: ClassVar[str] = "r3d_18"
    presets: ClassVar[dict[str, dict[str, Any]]] = {"bench": BENCH, "quick": QUICK}
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 55.0, "apply": 1.0}

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: the checkpoint's digest.

        Raises:
            MissingWeightsError: the checkpoint is not here.
            UsageError: pretrained weights with another width than theirs.
        """
        path = self.checkpoint(weights)
        return {} if path is None else {"backbone_digest": digest(path)}

    def checkpoint(self, weights: Path) -> Path | None:
        """The pretrained file, or None for random weights.

        Raises:
            MissingWeightsError: it is not here; says where to get it and where to put it.
            UsageError: pretrained weights with another width than theirs.
        """
        if self.weights != "none" and self.width != 64:
            raise UsageError(
                f"{self.network} with weights={self.weights} has width 64, asked for {self.width}",
                "leave the width, or train from random weights with weights=none",
            )
        published = {"kinetics": KINETICS[self.network]}
        layout = f"torchvision {self.network}"
        return locate(self.network, self.weights, published, layout, weights)


class MC3Params(R3DParams, frozen=True):
    """MC3-18 (Tran et al., CVPR 2018), trained by Former-DFER's recipe."""

    network: ClassVar[str] = "mc3_18"
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": BENCH,
        "quick": QUICK_MC3,
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 30.0, "apply": 1.0}


class R2Plus1DParams(R3DParams, frozen=True):
    """R(2+1)D-18 (Tran et al., CVPR 2018), trained by Former-DFER's recipe."""

    network: ClassVar[str] = "r2plus1d_18"
    presets: ClassVar[dict[str, dict[str, Any]]] = {"bench": BENCH, "quick": QUICK}
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 78.0, "apply": 1.0}
