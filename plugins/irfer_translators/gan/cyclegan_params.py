"""Parameters of CycleGAN (Zhu et al., ICCV 2017); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_translators.gan.gan_params import GanParams


class CycleGanParams(GanParams, frozen=True):
    """Defaults are the paper's and its published code's."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 39.0, "apply": 1.0}

    blocks: Annotated[int, fit("residual blocks of a generator [P]", ge=0)] = 9
    lambda_a: Annotated[
        float, fit("weight of the cycle that starts in the source domain [P]", ge=0)
    ] = 10.0
    lambda_b: Annotated[
        float, fit("weight of the cycle that starts in the target domain [P]", ge=0)
    ] = 10.0
    lambda_identity: Annotated[
        float, fit("weight of the identity losses, relative to the cycles' [K]", ge=0)
    ] = 0.5
    pool: Annotated[
        int, fit("former fakes per domain that the discriminators may be shown [P]", ge=0)
    ] = 50

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "bench": {"batch": 4, "iterations": 25_000},
        "quick": {
            "size": 48, "enlarge": 1.0, "ngf": 16, "ndf": 16, "blocks": 4, "lr": 5e-4,
            "iterations": 560,
        },
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_stride(4)
