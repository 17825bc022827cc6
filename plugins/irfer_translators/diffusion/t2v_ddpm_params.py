"""Parameters of T2V-DDPM (Nair and Patel, FG 2023); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from irfer_bench.api import apply, fit
from irfer_translators.diffusion.diffusion_params import BENCH, QUICK, DiffusionParams


class T2vDdpmParams(DiffusionParams, frozen=True):
    """Defaults are those of the authors' scripts [K], at 256 px as NFER-SDE's tables have them."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 53.0, "apply": 10.0}

    lr: Annotated[float, fit("AdamW's learning rate, score network [K]", gt=0)] = 1e-5
    ema: Annotated[float, fit("decay of the averaged weights; 0 for none [K]", ge=0, lt=1)] = 0.0
    flip: Annotated[
        bool, fit("random horizontal flips; the authors' option of that name does nothing [K]")
    ] = False
    levels: Annotated[
        int,
        fit("levels of noise, evenly spaced, that are trained and sampled; 0 for all [K]", ge=0),
    ] = 100
    vb_weight: Annotated[
        float, fit("weight of the variational term, which learns the variance [K]", ge=0)
    ] = 1.0
    skip: Annotated[
        int,
        apply("percentage of the levels that sampling leaves out: it then starts from the source, "
              "noised to where it begins; 0 starts from noise [K 40]", ge=0, lt=100),
    ] = 0

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {}, "bench": BENCH,
        "quick": {**QUICK, "steps": 0, "levels": 10, "flip": True, "vb_weight": 0.001},
    }
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {"fast": {"skip": 40}}
