"""Parameters of the unimodal classifiers on frozen encoders; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

from irfer_bench.api import fit
from irfer_bench.nn.weights import Pretrained
from irfer_dynamic.encoder_params import (
    AUDIO_MAE,
    MAE_FACE,
    MINI_AUDIO,
    MINI_FACE,
    EncoderParams,
    digests,
    locate_encoder,
)

QUICK: dict[str, Any] = {
    "architecture": "mini", "weights": "mini", "epochs": 12, "batch": 8, "lr": 5e-3,
    "crop": 0.8, "brightness": 0.2, "pixels": "imagenet",
}  # fmt: skip


class UnimodalParams(EncoderParams, frozen=True):
    """A linear classifier on one frozen encoder (MMA-DFER's unimodal ablation)."""

    known: ClassVar[dict[str, Pretrained]]
    weights: Annotated[str, fit("a published name, mini, none (random), or a path")] = "none"

    variants: ClassVar[dict[str, dict[str, Any]]] = {
        "official": {"audio_rate": "native", "segment_mode": "official"},
    }

    @property
    def drawn_faces(self) -> bool:
        """Whether the encoder was trained on drawn faces alone."""
        return self.weights == "mini"

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: the checkpoint's digest.

        Raises:
            MissingWeightsError: the checkpoint is not here. UsageError: it is of another shape.
        """
        return digests(encoder=self.encoder(weights))

    def encoder(self, weights: Path) -> Path | None:
        """The encoder's file; None for random weights."""
        return locate_encoder(self, self.weights, self.known, weights)


class VisionOnlyParams(UnimodalParams, frozen=True):
    """A linear classifier on the mean of MAE-Face's frames."""

    network: ClassVar[str] = "vision_only"
    known: ClassVar[dict[str, Pretrained]] = {"mae_face": MAE_FACE, "mini": MINI_FACE}
    weights: Annotated[
        str, fit("mae_face, mini, none (random), or the path of a checkpoint in MAE's layout")
    ] = "mae_face"
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"size": 160}, "quick": {**QUICK, "size": 64, "frames": 8, "window": 256},
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 45.0, "apply": 2.0}


class AudioOnlyParams(UnimodalParams, frozen=True):
    """A linear classifier on AudioMAE's class token."""

    network: ClassVar[str] = "audio_only"
    known: ClassVar[dict[str, Pretrained]] = {"audiomae": AUDIO_MAE, "mini": MINI_AUDIO}
    weights: Annotated[
        str, fit("audiomae, mini, none (random), or the path of a checkpoint in AudioMAE's layout")
    ] = "audiomae"
    presets: ClassVar[dict[str, dict[str, Any]]] = {"quick": {**QUICK, "size": 64, "window": 256}}
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 25.0, "apply": 1.0}
