"""Parameters of SDEdit (Meng et al., ICLR 2022); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from irfer_bench.api import apply
from irfer_translators.diffusion.diffusion_params import BENCH, QUICK_UNCONDITIONAL, DiffusionParams


class SdEditParams(DiffusionParams, frozen=True):
    """Defaults are those of the full-size unconditional network and of image translation."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 35.0, "apply": 4.0}

    rounds: Annotated[
        int, apply("K, times that the result is noised and denoised again [K]", ge=1)
    ] = 1

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {}, "bench": BENCH, "quick": {**QUICK_UNCONDITIONAL, "steps": 5},
    }
