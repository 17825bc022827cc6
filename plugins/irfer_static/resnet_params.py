"""Parameters of the fine-tuned ResNets; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import UsageError, fit
from irfer_bench.nn.weights import Pretrained, locate
from irfer_static.fine_tuning_params import FineTuningParams

IMAGENET = {
    "resnet18": Pretrained(
        name="of torchvision's resnet18 (ImageNet)",
        files=("resnet18-f37072fd.pth",),
        sha256="f37072fd",
        source="https://download.pytorch.org/models/resnet18-f37072fd.pth",
    ),
    "resnet50": Pretrained(
        name="of torchvision's resnet50 (ImageNet, IMAGENET1K_V2)",
        files=("resnet50-11ad3fa6.pth",),
        sha256="11ad3fa6",
        source="https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
    ),
}
QUICK: dict[str, Any] = {
    "weights": "none", "stem": "3x3", "size": 48, "epochs": 20, "warmup_epochs": 2,
    "head_factor": 1.0, "erase": 0.0,
}


class ResNetParams(FineTuningParams, frozen=True):
    """Our fine-tuning recipe for a ResNet-18; the values are in no paper."""

    weights: Annotated[str, fit("imagenet, none, or the path of a torchvision checkpoint")] = (
        "imagenet"
    )
    width: Annotated[int, fit("channels of the first stage", ge=4, le=256)] = 64
    stem: Annotated[
        Literal["7x7", "3x3"],
        fit("first convolution; 3x3 has no pooling behind it, for small images"),
    ] = "7x7"

    network: ClassVar[str] = "resnet18"
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 20.0, "apply": 1.0}
    presets: ClassVar[dict[str, dict[str, Any]]] = {"quick": {**QUICK, "width": 16, "lr": 3e-3}}

    @property
    def identity_start(self) -> bool:
        """Whether blocks with random weights start as the identity."""
        return False

    def checkpoint(self, weights: Path) -> Path | None:
        """The pretrained file, or None for random weights.

        Raises:
            MissingWeightsError: it is not here; says where to get it and where to put it.
            UsageError: pretrained weights with another width or stem than theirs.
        """
        if self.weights != "none" and (self.width, self.stem) != (64, "7x7"):
            raise UsageError(
                f"{self.network} with weights={self.weights} has width 64 and the 7x7 stem, "
                f"asked for {self.width} and {self.stem}",
                "leave both, or train from random weights with weights=none",
            )
        published = {"imagenet": IMAGENET[self.network]}
        layout = f"torchvision {self.network}"
        return locate(self.network, self.weights, published, layout, weights)


class ResNet50Params(ResNetParams, frozen=True):
    """Our fine-tuning recipe for a ResNet-50; the values are in no paper."""

    muon_lr: Annotated[
        float, fit("peak rate of Muon for the weights of the blocks; 0 leaves them to AdamW", ge=0)
    ] = 0.0
    zero_init: Annotated[
        bool, fit("blocks start as the identity: the scale of their last norm is 0")
    ] = False

    network: ClassVar[str] = "resnet50"
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 27.0, "apply": 1.0}
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        # Chosen on a fifth of fold 1's training subjects.
        "quick": {
            **QUICK, "width": 8, "size": 40, "epochs": 12, "warmup_epochs": 1, "batch": 32,
            "lr": 3e-3, "muon_lr": 0.05, "zero_init": True, "crop": 1.0, "label_smoothing": 0.0,
        },
    }

    @property
    def muon_rate(self) -> float:
        """Peak rate of Muon for the weights of the blocks; 0 where AdamW trains them too."""
        return self.muon_lr

    @property
    def identity_start(self) -> bool:
        """Whether blocks with random weights start as the identity."""
        return self.zero_init
