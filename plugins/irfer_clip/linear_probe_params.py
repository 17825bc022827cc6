"""Parameters of CLIP's linear probe; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import fit
from irfer_clip.classifier_params import ClipParams


class LinearProbeParams(ClipParams, frozen=True):
    """Logistic regression on features of CLIP's frozen image tower."""

    features: Annotated[
        Literal["proj", "preproj"], fit("class token behind the projection, or before it")
    ] = "proj"
    normalize_features: Annotated[bool, fit("features of length one")] = False
    head: Annotated[
        Literal["lbfgs", "sgd"], fit("logistic regression with L2, or a layer trained by SGD")
    ] = "lbfgs"
    C: Annotated[
        float, fit("inverse strength of L2; 0 searches it on validation clips", ge=0)
    ] = 0.0
    held_out: Annotated[
        float,
        fit("share of the training images, by subject, that chooses C where a setting grants no "
            "validation clips", gt=0, lt=1),
    ] = 0.1
    refit: Annotated[
        bool, fit("train on the held-out images too, once C is chosen")
    ] = True
    domains: Annotated[
        Literal["pooled", "balanced"],
        fit("every image weighs the same, or source and target weigh the same together"),
    ] = "pooled"
    max_iter: Annotated[int, fit("iterations of L-BFGS", ge=1)] = 1000
    lr: Annotated[float, fit("sgd: initial rate, momentum 0.9, cosine", gt=0)] = 0.1
    epochs: Annotated[int, fit("sgd: passes over the images", ge=1)] = 100
    batch: Annotated[int, fit("sgd: images per step", ge=1)] = 256
    weight_decay: Annotated[float, fit("sgd: weight decay", ge=0)] = 5e-4

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"domains": "balanced", "held_out": 0.3},
        "quick": {"backbone": "mini", "domains": "balanced", "held_out": 0.3},
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 6.0, "apply": 1.0}
