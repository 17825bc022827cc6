"""Parameters of ILVR (Choi et al., ICCV 2021); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import apply, fit
from irfer_translators.diffusion.diffusion_params import BENCH, QUICK_UNCONDITIONAL, DiffusionParams


class IlvrParams(DiffusionParams, frozen=True):
    """Defaults are those of the authors' commands at 256 px [K]."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 35.0, "apply": 6.0}

    learned_range: Annotated[
        bool, fit("the network learns the range of its variance too, as the authors' do [K]")
    ] = False
    start_level: Annotated[
        int, apply("level of noise at which sampling starts; all are from pure noise [K]", ge=1)
    ] = 1000
    steps: Annotated[
        int, apply("sampling steps, evenly spaced; 0 visits every level [K]", ge=0)
    ] = 100
    variance: Annotated[
        Literal["fixedsmall", "fixedlarge"],
        apply("variance of a network that did not learn it [K guided-diffusion]"),
    ] = "fixedlarge"
    filter_factor: Annotated[
        int, apply("N, by which the low-pass resizes; 0 for size / 8, 32 at 256 px [K]", ge=0)
    ] = 0
    range_t: Annotated[
        int, apply("steps at the end that the source does not steer; of those taken [K]", ge=0)
    ] = 20
    ref_level: Annotated[
        Literal["code", "paper"],
        apply("level of the source's low frequencies: that before a step, or that after it"),
    ] = "code"

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {}, "bench": BENCH, "quick": {**QUICK_UNCONDITIONAL, "range_t": 5},
        "quick@official": {
            "net": QUICK_UNCONDITIONAL["net"], "timesteps": 25, "beta_start": 0.004,
            "beta_end": 0.8, "start_level": 25, "steps": 0, "range_t": 12,
        },
    }
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "official": {"learned_range": True, "net": "bench_base"},
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filter_factor and self.size % self.filter_factor:
            raise ValueError("filter_factor must divide size")
