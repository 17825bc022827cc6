"""Parameters of SR3 (Saharia et al., TPAMI 2022); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import apply, fit
from irfer_translators.diffusion.diffusion_params import BENCH, QUICK, DiffusionParams


class Sr3Params(DiffusionParams, frozen=True):
    """Defaults are those of the usual unofficial code's face model [K]; Google released none."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 56.0, "apply": 9.0}

    net: Annotated[
        Literal[
            "sr3", "t2v", "ddpm", "bench_base", "bench_small", "adm_256", "mini", "mini_fine",
        ],
        fit("U-Net of the score network; all but sr3 are given a thousand times the noise level"),
    ] = "sr3"  # type: ignore[assignment]  # one network more than the others have
    timesteps: Annotated[int, fit("T, levels of noise [K]", ge=2)] = 2000
    beta_start: Annotated[float, fit("first beta of the linear schedule [K]", gt=0, lt=1)] = 1e-6
    beta_end: Annotated[float, fit("last beta of the linear schedule [K]", gt=0, lt=1)] = 1e-2
    iterations: Annotated[int, fit("optimiser steps of the score network [K]", ge=0)] = 1_000_000
    batch: Annotated[int, fit("images per step, score network [K]", ge=1)] = 4
    ema: Annotated[float, fit("decay of the averaged weights; 0 for none [K]", ge=0, lt=1)] = 0.0
    loss: Annotated[Literal["l1", "l2"], fit("norm of the training loss [K]")] = "l1"
    level_draw: Annotated[
        Literal["batch", "image"],
        fit("the interval of noise levels is drawn once per batch [K], or per image"),
    ] = "batch"
    start_level: Annotated[
        int, apply("level of noise at which sampling starts; all are from pure noise [K]", ge=1)
    ] = 2000

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "bench": {**BENCH, "iterations": 100_000, "batch": 16, "steps": 100},
        "quick": {**QUICK, "level_draw": "image"},
    }
