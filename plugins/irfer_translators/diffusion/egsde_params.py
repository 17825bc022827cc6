"""Parameters of EGSDE (Zhao et al., NeurIPS 2022); torch-free, because planning imports them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import apply, fit
from irfer_bench.nn.weights import digest
from irfer_translators.diffusion.diffusion_params import (
    BENCH,
    QUICK_UNCONDITIONAL,
    DiffusionParams,
    checkpoint,
)


class EgsdeParams(DiffusionParams, frozen=True):
    """Defaults are those of the authors' code [K]; `dse` is the domain-specific extractor."""

    quick_seconds: ClassVar[Mapping[str, float]] = {"fit": 42.0, "apply": 7.0}

    dse_net: Annotated[
        Literal["adm_128", "adm_64", "mini"], fit("network of the domain classifier [K]")
    ] = "adm_128"
    dse_weights: Annotated[
        str,
        fit("a checkpoint from which the domain classifier starts, its head left out: the "
            "authors', or a guided-diffusion classifier; used as it is with dse_iterations=0"),
    ] = ""
    dse_iterations: Annotated[
        int,
        fit("steps of the domain classifier; the authors take 5000 from an ImageNet classifier, "
            "and more are needed from random weights [C]", ge=0),
    ] = 25_000
    dse_batch: Annotated[int, fit("images per step, domain classifier [K]", ge=2)] = 32
    dse_lr: Annotated[
        float, fit("AdamW's learning rate, falling linearly to 0, domain classifier [K]", gt=0)
    ] = 3e-4
    dse_weight_decay: Annotated[
        float, fit("AdamW's weight decay, domain classifier [K]", ge=0)
    ] = 0.05

    lambda_s: Annotated[
        float, apply("weight of the domain-specific energy E_s [K]", ge=0)
    ] = 500.0
    lambda_i: Annotated[
        float, apply("weight of the domain-independent energy E_i [K]", ge=0)
    ] = 2.0
    energy_s: Annotated[
        Literal["cosine", "neg_l2"], apply("similarity of domain-specific features [K]")
    ] = "cosine"
    energy_i: Annotated[
        Literal["neg_l2", "cosine"], apply("similarity of low frequencies [K]")
    ] = "neg_l2"
    filter_factor: Annotated[
        int, apply("N, by which the low-pass resizes; 0 for size / 8, 32 at 256 px [K]", ge=0)
    ] = 0
    rounds: Annotated[
        int, apply("K, times that the result is noised and denoised again [K]", ge=1)
    ] = 1

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "paper": {}, "bench": {**BENCH, "dse_net": "adm_64"},
        "quick": {
            **QUICK_UNCONDITIONAL, "dse_net": "mini", "dse_iterations": 120, "dse_batch": 16,
            "dse_lr": 2e-3, "lambda_i": 0.1, "steps": 5,
        },
    }

    @property
    def without_fit(self) -> str:
        """The domain classifier needs a file of its own."""
        if self.dse_iterations == 0:
            return super().without_fit
        more = "-p egsde.dse_weights=FILE -p egsde.dse_iterations=0"
        return f"--weights FILE {more}, two published checkpoints"

    def inputs(self, weights: Path) -> dict[str, Any]:
        """Digests of both checkpoints.

        Raises:
            MissingWeightsError: one is not here.
        """
        path = checkpoint(self.dse_weights, weights)
        own = {} if path is None else {"dse_weights_digest": digest(path)}
        return super().inputs(weights) | own

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.filter_factor and self.size % self.filter_factor:
            raise ValueError("filter_factor must divide size")
        if self.dse_iterations == 0 and self.lambda_s > 0 and not self.dse_weights:
            raise ValueError("lambda_s above 0 needs dse_iterations or dse_weights")
