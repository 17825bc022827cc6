"""Parameters of the fine-tuned vision transformers; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import UsageError, fit
from irfer_bench.nn.weights import Pretrained, locate
from irfer_static.fine_tuning_params import FineTuningParams

L14 = "vit_large_patch14_clip_224.openai_ft_in1k"
IMAGENET = {
    "b16": Pretrained(
        name="of torchvision's vit_b_16 (ImageNet)",
        files=("vit_b_16-c867db91.pth",),
        sha256="c867db91",
        source="https://download.pytorch.org/models/vit_b_16-c867db91.pth",
    ),
    "l14": Pretrained(
        name=f"of timm's {L14} (CLIP, then ImageNet)",
        files=(f"{L14}.safetensors", f"{L14}.bin"),
        source=f"https://huggingface.co/timm/{L14} (model.safetensors, saved as {L14}.safetensors)",
    ),
}


@dataclass(frozen=True, slots=True)
class ViTSize:
    """Shape of a ViT; `norm_first` normalises the tokens before the first block, as CLIP does."""

    width: int
    depth: int
    heads: int
    patch: int
    epsilon: float = 1e-6
    norm_first: bool = False
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)


SIZES = {
    "b16": ViTSize(768, 12, 12, 16),
    "l14": ViTSize(
        1024, 24, 16, 14, epsilon=1e-5, norm_first=True,
        mean=(0.48145466, 0.4578275, 0.40821073), deviation=(0.26862954, 0.26130258, 0.27577711),
    ),
    "mini": ViTSize(64, 3, 4, 8),
}


QUICK: dict[str, Any] = {
    "architecture": "mini", "size": 48, "epochs": 34, "warmup_epochs": 2, "batch": 32, "lr": 3e-3,
    "muon_lr": 0.02, "crop": 1.0, "erase": 0.0, "label_smoothing": 0.0,
}


class TransformerParams(FineTuningParams, frozen=True):
    """Our fine-tuning recipe for vision transformers; the values are in no paper."""

    lr: Annotated[float, fit("peak learning rate of the trunk", gt=0)] = 1e-4
    head_factor: Annotated[float, fit("the classifier learns this much faster", gt=0)] = 1.0
    architecture: Annotated[
        Literal["b16", "l14", "mini"], fit("ViT-B/16, ViT-L/14, or 3 layers of width 64")
    ] = "b16"
    muon_lr: Annotated[
        float, fit("peak rate of Muon for the weights of the blocks; 0 leaves them to AdamW", ge=0)
    ] = 0.0

    @property
    def muon_rate(self) -> float:
        """Peak rate of Muon for the weights of the blocks; 0 where AdamW trains them too."""
        return self.muon_lr

    @property
    def shape(self) -> ViTSize:
        """The network's shape."""
        return SIZES[self.architecture]

    def __post_init__(self) -> None:
        if self.size % self.shape.patch:
            raise ValueError(f"size must be a multiple of the patches' {self.shape.patch} pixels")


class ViTParams(TransformerParams, frozen=True):
    """Our fine-tuning recipe for a ViT; the values are in no paper."""

    weights: Annotated[
        str, fit("imagenet, none, or the path of a checkpoint with timm's or torchvision's names")
    ] = "imagenet"

    network: ClassVar[str] = "vit"
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 28.0, "apply": 1.0}
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "quick": {"weights": "none", **QUICK},
    }

    def checkpoint(self, weights: Path) -> Path | None:
        """The pretrained file, or None for random weights.

        Raises:
            MissingWeightsError: it is not here; says where to get it and where to put it.
            UsageError: nobody published weights of that architecture.
        """
        if self.weights == "imagenet" and self.architecture not in IMAGENET:
            raise UsageError(
                f"there are no imagenet weights of vit with architecture={self.architecture}",
                "take b16 or l14, or train from random weights with weights=none",
            )
        known = {"imagenet": IMAGENET[self.architecture]} if self.weights == "imagenet" else {}
        return locate("vit", self.weights, known, "timm or torchvision ViT", weights)
