"""Parameters of pix2pix (Isola et al., CVPR 2017); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import apply, fit
from irfer_translators.gan.gan_params import GanParams


class Pix2PixParams(GanParams, frozen=True):
    """Defaults are the paper's and its published code's."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 28.0, "apply": 1.0}

    downs: Annotated[
        int, fit("how often the U-Net halves the image; size is a multiple of 2 ** downs [P]",
                 ge=2, le=10),
    ] = 8
    dropout: Annotated[
        float, fit("share that the U-Net's inner decoder blocks set to 0 [P]", ge=0, lt=1)
    ] = 0.5
    lambda_l1: Annotated[float, fit("weight of the L1 distance to the partner [P]", ge=0)] = 100.0
    test_dropout: Annotated[
        bool, apply("dropout stays on in translations, with a seed of each item's own [P]")
    ] = True
    test_norm: Annotated[
        Literal["image", "running"],
        apply("statistics of batch normalisation in translations: of the image itself [P], or "
              "averages over training [K --eval]"),
    ] = "image"

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "bench": {"batch": 4, "iterations": 50_000},
        "quick": {
            "size": 64, "enlarge": 1.0, "ngf": 32, "ndf": 16, "downs": 6, "batch": 4,
            "lr": 1e-3, "iterations": 450,
        },
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_stride(2**self.downs)
