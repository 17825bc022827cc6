"""Parameters of NFER-SDE (Zhang et al., AAAI 2024); torch-free, because planning imports it.

[P] the paper says so, [K] the code of its declared base (T2V-DDPM, EGSDE), [C] chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import Params, Traits, apply, fit

QUICK: dict[str, Any] = {
    "size": 48, "net": "mini", "prediction": "sample",
    "iterations": 230, "batch": 16, "lr": 2e-3, "warmup": 40, "decay": "linear", "ema": 0.98,
    "h_net": "mini", "h_iterations": 110, "h_batch": 16, "h_lr": 2e-3, "h_warmup": 15,
    "h_ema": 0.95, "h_augment": 0.2, "h_levels": 500,
    "steps": 10, "lambda_h": 3.5,
}


class NferSdeParams(Params, frozen=True):
    """Defaults are the paper's; its ablations are the variants; the full method has no variant."""

    needs_partners: ClassVar[bool] = False
    adds_nothing: ClassVar[bool] = False
    trains: ClassVar[bool] = True
    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 60.0, "apply": 22.0}

    size: Annotated[
        int, fit("side of the images inside the translator [P]", ge=16, multiple_of=8)
    ] = 256
    net: Annotated[
        Literal["t2v", "bench_base", "bench_small", "mini"],
        fit("U-Net of the score network [K T2V]"),
    ] = "t2v"
    conditional: Annotated[
        bool, fit("the score network sees the clean visible image [P eq 9]")
    ] = True
    landmark_net: Annotated[bool, fit("train H(x, t), which E_h needs; it needs landmarks")] = True
    prediction: Annotated[
        Literal["eps", "v", "sample"],
        fit("what the score network predicts; turned into eps [P eps]"),
    ] = "eps"
    timesteps: Annotated[int, fit("T, levels of noise [P]", ge=2)] = 1000
    beta_start: Annotated[float, fit("first beta of the linear schedule [K]", gt=0, lt=1)] = 1e-4
    beta_end: Annotated[float, fit("last beta of the linear schedule [K]", gt=0, lt=1)] = 0.02
    iterations: Annotated[int, fit("optimiser steps of the score network [K T2V]", ge=0)] = 100_000
    batch: Annotated[int, fit("pairs per step [P]", ge=1)] = 16
    lr: Annotated[float, fit("AdamW's learning rate, score network [P]", gt=0)] = 1e-5
    weight_decay: Annotated[float, fit("AdamW's weight decay, score network [K]", ge=0)] = 0.0
    warmup: Annotated[int, fit("steps of linear warm-up [C]", ge=0)] = 0
    decay: Annotated[
        Literal["none", "linear"], fit("learning rate after warm-up, score network [K none]")
    ] = "none"
    ema: Annotated[float, fit("decay of the averaged weights [C]", ge=0, lt=1)] = 0.9999
    flip: Annotated[bool, fit("flip pairs jointly [C]")] = True

    h_net: Annotated[Literal["unet", "mini"], fit("landmark network [C]")] = "unet"
    h_sigma: Annotated[float, fit("Gaussian width in grid pixels [C]", gt=0)] = 1.0
    h_augment: Annotated[
        float, fit("1 for 10 % scale and shift and 15 degrees, 0 for flips alone [C]", ge=0, le=2)
    ] = 1.0
    h_levels: Annotated[
        int, fit("train H on the lowest so many levels of noise; 0 for all T [C]", ge=0)
    ] = 0
    h_iterations: Annotated[int, fit("optimiser steps of the landmark network [C]", ge=0)] = 40_000
    h_batch: Annotated[int, fit("images per step, landmark network [C]", ge=1)] = 32
    h_lr: Annotated[float, fit("AdamW's learning rate, landmark network [C]", gt=0)] = 2e-4
    h_warmup: Annotated[int, fit("steps of linear warm-up, landmark network [C]", ge=0)] = 0
    h_weight_decay: Annotated[float, fit("AdamW's weight decay, landmark network [C]", ge=0)] = 1e-4
    h_ema: Annotated[float, fit("decay of the averaged weights [C]", ge=0, lt=1)] = 0.999

    lambda_h: Annotated[float, apply("weight of the landmark energy E_h [P]", ge=0)] = 100.0
    lambda_f: Annotated[float, apply("weight of the high-pass energy E_f [P]", ge=0)] = 0.5
    start: Annotated[
        Literal["source", "noise"],
        apply("begin at the perturbed source or at pure noise [K EGSDE]"),
    ] = "source"
    start_level: Annotated[
        int, apply("M, level at which the walk from the source begins; noise begins at T [K]", ge=1)
    ] = 500
    steps: Annotated[
        int, apply("steps of the walk, evenly spaced; 0 visits every level [K]", ge=0)
    ] = 0
    discretisation: Annotated[
        Literal["ancestral", "em"], apply("EGSDE's update, or the literal equation 3")
    ] = "ancestral"
    ct_noise: Annotated[
        Literal["shared", "fresh"],
        apply("noise of the perturbed source c_t at each step [K shared]"),
    ] = "shared"
    variance: Annotated[
        Literal["fixedsmall", "fixedlarge"], apply("variance of the ancestral step [K]")
    ] = "fixedsmall"
    filter_kernel: Annotated[
        Literal["triangle", "cubic"], apply("kernel of the low-pass A in Phi = I - A [C]")
    ] = "triangle"
    filter_factor: Annotated[
        int, apply("N, by which A resizes; 0 for size / 8, which is 32 at 256 px [C]", ge=0)
    ] = 0
    collapse: Annotated[
        Literal["none", "mean"], apply("leave three output channels, or set them to their mean [C]")
    ] = "none"

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "bench": {"net": "bench_base", "lr": 1e-4, "warmup": 1000, "iterations": 60_000},
        "quick": QUICK,
    }
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "baseline": {"conditional": False, "landmark_net": False, "lambda_h": 0.0, "lambda_f": 0.0},
        "cond": {"landmark_net": False, "lambda_h": 0.0, "lambda_f": 0.0},
        "cond_h": {"lambda_f": 0.0},
        "cond_f": {"landmark_net": False, "lambda_h": 0.0},
    }

    def traits(self) -> Traits:
        """The unconditional baseline learns from target images alone."""
        return Traits(pairs=self.conditional)

    def __post_init__(self) -> None:
        if self.lambda_h > 0 and not self.landmark_net:
            raise ValueError("lambda_h above 0 needs landmark_net = true (or lambda_h = 0)")
        if self.start_level > self.timesteps or self.h_levels > self.timesteps:
            raise ValueError("start_level and h_levels may not lie above timesteps")
        top = self.start_level if self.start == "source" else self.timesteps
        if self.lambda_h > 0 and top > (self.h_levels or self.timesteps):
            raise ValueError("h_levels must reach the level at which the walk begins, or be 0")
        if self.filter_factor and self.size % self.filter_factor:
            raise ValueError("filter_factor must divide size")
