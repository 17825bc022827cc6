"""Parameters that all diffusion translators share; torch-free, because planning imports them.

[K] the published code of the method or of its base, [C] chosen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from irfer_bench.api import Params, Traits, apply, fit
from irfer_bench.nn.weights import Pretrained, digest, find

BENCH: Mapping[str, Any] = {
    "net": "bench_base", "lr": 1e-4, "warmup": 1000, "iterations": 60_000,
}
"""One GPU, hours."""
QUICK: Mapping[str, Any] = {
    "size": 48, "net": "mini_fine", "prediction": "sample",
    "iterations": 320, "batch": 16, "lr": 2e-3, "muon_lr": 0.02, "warmup": 40, "decay": "linear",
    "ema": 0.99, "steps": 10,
}
"""A laptop's CPU, a minute; of networks that see the source."""
UNCONDITIONAL: Mapping[str, Any] = {
    "net": "mini", "iterations": 230, "muon_lr": 0.0, "ema": 0.98,
}
"""The network of `quick` that all methods without a condition share: the finer one and Muon, which
a condition profits from, made their images worse and took longer."""
QUICK_UNCONDITIONAL: Mapping[str, Any] = {**QUICK, **UNCONDITIONAL}


class DiffusionParams(Params, frozen=True):
    """The score network, its training, and the sampling that follows.

    Translators with equal values of the training fields and no condition share one network.
    """

    size: Annotated[
        int, fit("side of the images inside the translator", ge=16, multiple_of=8)
    ] = 256
    net: Annotated[
        Literal["t2v", "ddpm", "bench_base", "bench_small", "adm_256", "mini", "mini_fine"],
        fit("U-Net of the score network [K]"),
    ] = "t2v"
    weights: Annotated[
        str,
        fit("a published or exported checkpoint of the score network in place of training: a path, "
            "or a file's name in the folder of pretrained weights; `net` must be its U-Net: `ddpm` "
            "for SDEdit's and EGSDE's DDPM files, `bench_base` for ILVR's and EGSDE's ADM files, "
            "`adm_256` for guided-diffusion's unconditional one at 256 px, `t2v` for T2V-DDPM's"),
    ] = ""
    prediction: Annotated[
        Literal["eps", "v", "sample"],
        fit("what the score network predicts; converted to eps [K eps]"),
    ] = "eps"
    timesteps: Annotated[int, fit("T, levels of noise [K]", ge=2)] = 1000
    beta_start: Annotated[float, fit("first beta of the linear schedule [K]", gt=0, lt=1)] = 1e-4
    beta_end: Annotated[float, fit("last beta of the linear schedule [K]", gt=0, lt=1)] = 0.02
    iterations: Annotated[int, fit("optimiser steps of the score network [K]", ge=0)] = 100_000
    batch: Annotated[int, fit("images per step, score network [K]", ge=1)] = 16
    lr: Annotated[float, fit("AdamW's learning rate, score network [C]", gt=0)] = 1e-4
    muon_lr: Annotated[
        float,
        fit("Muon's learning rate, hidden weights of the score network; 0 leaves them to AdamW [C]",
            ge=0),
    ] = 0.0
    weight_decay: Annotated[float, fit("AdamW's weight decay, score network [K]", ge=0)] = 0.0
    warmup: Annotated[int, fit("steps of linear warm-up [C]", ge=0)] = 0
    decay: Annotated[
        Literal["none", "linear"], fit("learning rate after warm-up, score network [K none]")
    ] = "none"
    ema: Annotated[float, fit("decay of the averaged weights [C]", ge=0, lt=1)] = 0.9999
    flip: Annotated[bool, fit("random horizontal flips, of both images of a pair alike [C]")] = True

    start_level: Annotated[
        int, apply("M, level of noise at which sampling starts from the source [K]", ge=1)
    ] = 500
    steps: Annotated[
        int, apply("sampling steps, evenly spaced; 0 visits every level [K]", ge=0)
    ] = 0
    variance: Annotated[
        Literal["fixedsmall", "fixedlarge"], apply("variance of the ancestral step [K]")
    ] = "fixedsmall"
    collapse: Annotated[
        Literal["none", "mean"], apply("leave three output channels, or set them to their mean [C]")
    ] = "none"

    def traits(self) -> Traits:
        """A score network that is read from a file needs no pairs."""
        return {"pairs": False} if self.weights else {}

    def inputs(self, weights: Path) -> dict[str, Any]:
        """The checkpoint's digest.

        Raises:
            MissingWeightsError: it is not here.
        """
        path = checkpoint(self.weights, weights)
        return {} if path is None else {"weights_digest": digest(path)}

    def __post_init__(self) -> None:
        if self.start_level > self.timesteps:
            raise ValueError("start_level may not lie above timesteps")


def checkpoint(name: str, weights: Path) -> Path | None:
    """The file that a `weights` parameter names; a bare name lies in the weights folder.

    Raises:
        MissingWeightsError: it is not here.
    """
    if not name:
        return None
    path = Path(name).expanduser()
    if path.is_file():
        return path
    return find(Pretrained(name, (path.name,), source="where you keep it"), weights)
