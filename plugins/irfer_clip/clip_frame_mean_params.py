"""Parameters of the mean of CLIP's features over frames; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import fit
from irfer_clip.linear_probe_params import LinearProbeParams


class ClipFrameMeanParams(LinearProbeParams, frozen=True):
    """Frozen CLIP features of frames, averaged over a clip; with linear_probe that recognizer's."""

    classifier: Annotated[
        Literal["zero_shot", "linear_probe"],
        fit("sentences about the classes, or logistic regression on the training clips"),
    ] = "zero_shot"
    template: Annotated[
        Literal["single", "face", "descr", "ensemble"],
        fit("zero_shot: photo of a class, facial expression of a class, with description, or 8 "
            "templates"),
    ] = "single"

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"held_out": 0.3},
        "quick": {"backbone": "mini", "held_out": 0.3},
    }
    variants: ClassVar[dict[str, dict[str, Any]]] = {
        "linear_probe": {"classifier": "linear_probe"},
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 6.0, "apply": 1.0}

    def __post_init__(self) -> None:
        if self.classifier == "zero_shot" and self.features == "preproj":
            raise ValueError("features=preproj has no sentences to compare with: take proj")
