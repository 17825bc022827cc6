"""Parameters of HiFaceGAN (Yang et al., ACM MM 2020); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_bench.nn.weights import Pretrained, digest, find
from irfer_translators.gan.gan_params import GanParams

VGG19 = Pretrained(
    name="of torchvision's vgg19 (ImageNet, sha256 dcbb9e9d...), which hifacegan's perceptual loss "
         "needs and hifacegan@novgg does without,",
    files=("vgg19-dcbb9e9d.pth",),
    sha256="dcbb9e9d",
    source="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
)


class HiFaceGanParams(GanParams, frozen=True):
    """Defaults are those of the published code, at 256 instead of 512 pixels."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 41.0, "apply": 2.0}

    size: Annotated[int, fit("side of the images inside the translator", ge=64)] = 256
    enlarge: Annotated[
        float,
        fit("images are this many times as large before a random crop to `size`, which is the same "
            "for both images of a pair [C]", ge=1, le=2),
    ] = 1.0
    batch: Annotated[int, fit("pairs per step [K]", ge=1)] = 2
    epochs: Annotated[int, fit("passes over the pairs at the full rate [K]", ge=0)] = 30
    decay_epochs: Annotated[
        int, fit("passes after these, while the rate falls linearly to 0 [K]", ge=0)
    ] = 20
    lr: Annotated[float, fit("Adam's learning rate, generator [K]", gt=0)] = 1e-4
    d_lr: Annotated[float, fit("Adam's learning rate, discriminators [K]", gt=0)] = 4e-4
    beta1: Annotated[float, fit("Adam's first beta [K]", ge=0, lt=1)] = 0.0
    beta2: Annotated[float, fit("Adam's second beta [K]", ge=0, lt=1)] = 0.9
    init_gain: Annotated[
        float, fit("gain of the Xavier initialisation [K]", gt=0)
    ] = 0.02
    lambda_feat: Annotated[
        float, fit("weight of the discriminators' feature matching [K]", ge=0)
    ] = 10.0
    lambda_vgg: Annotated[
        float, fit("weight of the VGG19 perceptual loss; above 0 it needs VGG19's weights [K]",
                   ge=0),
    ] = 10.0

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "bench": {"batch": 4, "iterations": 25_000},
        "quick": {
            "size": 64, "ngf": 8, "ndf": 8, "batch": 2, "iterations": 250,
            "lr": 1e-3, "d_lr": 1e-3, "init_gain": 1.0,
        },
    }
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"novgg": {"lambda_vgg": 0.0}}

    def inputs(self, weights: Path) -> dict[str, Any]:
        """Digests of the files that fitting reads.

        Raises:
            MissingWeightsError: VGG19 or the generator's checkpoint is not there.
        """
        made = super().inputs(weights)
        if self.lambda_vgg and not self.weights:
            made["vgg_digest"] = digest(find(VGG19, weights))
        return made

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_stride(32)
