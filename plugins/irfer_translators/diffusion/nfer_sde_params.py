"""Parameters of NFER-SDE (Luo et al., AAAI 2024); torch-free, because planning imports them.

[P] the paper says so, [K] the code of its declared base (T2V-DDPM, EGSDE), [C] chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec.structs import force_setattr

from irfer_bench.api import Traits, apply, fit
from irfer_translators.diffusion.diffusion_params import (
    BENCH,
    QUICK,
    UNCONDITIONAL,
    DiffusionParams,
)

EXPLICIT: Mapping[str, Any] = {"energy_step": "explicit"}
"""ODE solvers know no other step along the energies."""


class NferSdeParams(DiffusionParams, frozen=True):
    """Defaults are the paper's; its ablations are the variants; the full method has no variant."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 52.0, "apply": 8.0}

    conditional: Annotated[
        bool, fit("the score network sees the clean visible image [P eq 9]")
    ] = True
    lr: Annotated[
        float,
        fit("AdamW's learning rate, score network; 0 for 1e-5 with the condition [P] and for 1e-4 "
            "without, as other unconditional translators have it [C]", ge=0),
    ] = 0.0
    landmark_net: Annotated[bool, fit("train H(x, t), which E_h needs; it needs landmarks")] = True
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
    h_muon_lr: Annotated[
        float,
        fit("Muon's learning rate, hidden weights of the landmark network; 0 for AdamW [C]", ge=0),
    ] = 0.0
    h_warmup: Annotated[int, fit("steps of linear warm-up, landmark network [C]", ge=0)] = 0
    h_weight_decay: Annotated[float, fit("AdamW's weight decay, landmark network [C]", ge=0)] = 1e-4
    h_ema: Annotated[float, fit("decay of the averaged weights [C]", ge=0, lt=1)] = 0.999

    loss: Annotated[
        Literal["mse", "l1"], fit("of the conditional score network's prediction [P mse]")
    ] = "mse"

    lambda_h: Annotated[float, apply("weight of the landmark energy E_h [P]", ge=0)] = 100.0
    lambda_f: Annotated[float, apply("weight of the high-pass energy E_f [P]", ge=0)] = 0.5
    start: Annotated[
        Literal["source", "noise"],
        apply("start at the perturbed source (level M) or at pure noise (level T) [K EGSDE]"),
    ] = "source"
    discretisation: Annotated[
        Literal["ancestral", "em", "ddim", "dpmpp", "unipc"],
        apply("EGSDE's update, the literal equation 3, or a fast ODE solver [C]"),
    ] = "ancestral"
    ct_noise: Annotated[
        Literal["shared", "fresh"],
        apply("noise of the perturbed source c_t at each step [K shared]"),
    ] = "shared"
    energy_step: Annotated[
        Literal["explicit", "stable"],
        apply("the paper's step along the energies, or for few steps a bounded one along E_h and "
              "an implicit one along E_f [C]"),
    ] = "explicit"
    filter_kernel: Annotated[
        Literal["triangle", "cubic", "fft_gaussian"],
        apply("the low-pass A in Phi = I - A: a resize with this kernel, or a Gaussian in the "
              "frequency domain whose deviation is the highest frequency after a resize by N [C]"),
    ] = "triangle"
    filter_factor: Annotated[
        int, apply("N, by which A resizes; 0 for size / 8, which is 32 at 256 px [C]", ge=0)
    ] = 0

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {},
        "bench": BENCH,
        "quick": {
            **QUICK, "steps": 5, "loss": "l1",
            "h_net": "mini", "h_iterations": 110, "h_batch": 16, "h_lr": 2e-3, "h_muon_lr": 0.02,
            "h_warmup": 15, "h_ema": 0.95, "h_augment": 0.2, "h_levels": 500,
            "lambda_h": 0.5, "energy_step": "stable",
        },
        "quick@baseline": UNCONDITIONAL,
    }
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "baseline": {"conditional": False, "landmark_net": False, "lambda_h": 0.0, "lambda_f": 0.0},
        "cond": {"landmark_net": False, "lambda_h": 0.0, "lambda_f": 0.0},
        "cond_h": {"lambda_f": 0.0},
        "cond_f": {"landmark_net": False, "lambda_h": 0.0},
        "ddim25": {"discretisation": "ddim", "steps": 25, **EXPLICIT},
        "dpmpp25": {"discretisation": "dpmpp", "steps": 25, **EXPLICIT},
        "unipc25": {"discretisation": "unipc", "steps": 25, **EXPLICIT},
    }

    def traits(self) -> Traits:
        """The unconditional baseline learns from target images alone; H needs landmarks."""
        pairs = self.conditional and not self.weights
        return {"pairs": pairs, "landmarks": self.landmark_net}

    @property
    def without_fit(self) -> str:
        """The landmark network is published nowhere; an export holds both."""
        if not self.landmark_net:
            return super().without_fit
        return (
            "--weights FILE, one of irfer-bench export that holds the landmark network too, or "
            "-t nfer_sde@cond --weights FILE, which has none"
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lr == 0:  # resolved here, so that records and keys hold the value that is used
            force_setattr(self, "lr", 1e-5 if self.conditional else 1e-4)
        if self.lambda_h > 0 and not self.landmark_net:
            raise ValueError("lambda_h above 0 needs landmark_net = true (or lambda_h = 0)")
        if self.h_levels > self.timesteps:
            raise ValueError("h_levels may not lie above timesteps")
        top = self.start_level if self.start == "source" else self.timesteps
        if self.lambda_h > 0 and top > (self.h_levels or self.timesteps):
            raise ValueError("h_levels must reach the level at which sampling starts, or be 0")
        if self.filter_factor and self.size % self.filter_factor:
            raise ValueError("filter_factor must divide size")
        if self.energy_step == "stable" and self.discretisation not in ("ancestral", "em"):
            raise ValueError("energy_step = stable needs discretisation ancestral or em")
