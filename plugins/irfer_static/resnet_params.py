"""Parameters of the plainly trained ResNet; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import MissingWeightsError, Params, UsageError, apply, fit
from irfer_bench.nn.weights import Pretrained, digest, find

IMAGENET = Pretrained(
    name="of torchvision's resnet18 (ImageNet)",
    files=("resnet18-f37072fd.pth",),
    sha256="f37072fd",
    source="https://download.pytorch.org/models/resnet18-f37072fd.pth",
)


class ResNetParams(Params, frozen=True):
    """Our fine-tuning recipe for image networks; the values are in no paper."""

    weights: Annotated[str, fit("imagenet, none, or the path of a torchvision checkpoint")] = (
        "imagenet"
    )
    width: Annotated[int, fit("channels of the first stage", ge=4, le=256)] = 64
    stem: Annotated[
        Literal["7x7", "3x3"],
        fit("first convolution; 3x3 has no pooling behind it, for small images"),
    ] = "7x7"
    size: Annotated[int, fit("side of the network's input in pixels", ge=24, le=512)] = 224
    epochs: Annotated[int, fit("passes over source and target", ge=1)] = 40
    warmup_epochs: Annotated[int, fit("epochs of linear warm-up", ge=0)] = 5
    batch: Annotated[int, fit("images per step", ge=2)] = 64
    lr: Annotated[float, fit("peak learning rate of the trunk", gt=0)] = 5e-4
    head_factor: Annotated[float, fit("the classifier learns this much faster", gt=0)] = 10.0
    weight_decay: Annotated[float, fit("of AdamW", ge=0)] = 0.05
    label_smoothing: Annotated[float, fit("mass given to all classes alike", ge=0, lt=1)] = 0.1
    crop: Annotated[float, fit("smallest area of a random crop", gt=0, le=1)] = 0.8
    flip: Annotated[float, fit("probability of a mirrored image", ge=0, le=1)] = 0.5
    erase: Annotated[float, fit("probability of an erased rectangle", ge=0, le=1)] = 0.25
    class_weight: Annotated[
        Literal["none", "balanced"], fit("balanced: each class weighs the same in the loss")
    ] = "none"
    predict_batch: Annotated[int, apply("frames per forward pass of predict", ge=1)] = 128

    quick_seconds: ClassVar[dict[str, float]] = {"fit": 20.0, "apply": 1.0}
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "quick": {
            "weights": "none", "width": 16, "stem": "3x3", "size": 48, "epochs": 20,
            "warmup_epochs": 2, "lr": 3e-3, "head_factor": 1.0, "erase": 0.0,
        },
    }

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: the checkpoint's digest.

        Raises:
            MissingWeightsError: the checkpoint is not here.
            UsageError: the checkpoint belongs to another width or stem.
        """
        path = checkpoint(self, weights)
        return {} if path is None else {"backbone_digest": digest(path)}


def checkpoint(params: ResNetParams, weights: Path) -> Path | None:
    """The pretrained file, or None for random weights.

    Raises:
        MissingWeightsError: it is not here; says where to get it and where to put it.
        UsageError: pretrained weights with another width or stem than theirs.
    """
    if params.weights == "none":
        return None
    if (params.width, params.stem) != (64, "7x7"):
        raise UsageError(
            f"resnet18 with weights={params.weights} has width 64 and the 7x7 stem, "
            f"asked for {params.width} and {params.stem}",
            "leave both, or train from random weights with weights=none",
        )
    if params.weights == "imagenet":
        return find(IMAGENET, weights)
    path = Path(params.weights).expanduser()
    if not path.is_file():
        raise MissingWeightsError(
            f"resnet18 weights {params.weights} do not exist",
            "give imagenet, none, or the path of a torchvision resnet18 checkpoint",
        )
    return path
