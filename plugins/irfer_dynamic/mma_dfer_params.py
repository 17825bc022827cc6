"""Parameters of MMA-DFER; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

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

VISION: dict[str, Pretrained] = {"mae_face": MAE_FACE, "mini": MINI_FACE}
AUDIO: dict[str, Pretrained] = {"audiomae": AUDIO_MAE, "mini": MINI_AUDIO}


class MMADFERParams(EncoderParams, frozen=True):
    """MultiModal Adaptation for dynamic FER (Chumachenko et al., CVPR Workshops 2024)."""

    network: ClassVar[str] = "mma_dfer"

    vision_weights: Annotated[
        str, fit("mae_face, mini, none (random), or the path of a checkpoint in MAE's layout")
    ] = "mae_face"
    audio_weights: Annotated[
        str, fit("audiomae, mini, none (random), or the path of a checkpoint in AudioMAE's layout")
    ] = "audiomae"
    trained: Annotated[
        str, fit("path of the authors' trained checkpoint to start from; empty for none")
    ] = ""

    prompts: Annotated[
        Literal["progressive", "static", "none"],
        fit("learned tokens of the encoders: updated between blocks, put in once, or none"),
    ] = "progressive"
    updates: Annotated[
        int, fit("progressive updates; static prompts are as many tokens", ge=1, le=12)
    ] = 2
    update_tokens: Annotated[int, fit("learned tokens of each encoder per update", ge=1)] = 3
    prompt_positions: Annotated[
        float, fit("deviation of the initial positions of the learned tokens", ge=0)
    ] = 1.0
    fusion: Annotated[
        Literal["fb", "none", "add", "mult", "mult_concat", "ita"],
        fit(
            "after every block: fusion bottleneck, nothing, gated means, cross-attention, joint "
            "attention, or the bottleneck with intermediate temporal attention"
        ),
    ] = "fb"
    latent: Annotated[int, fit("width d of a bottleneck", ge=1)] = 128
    ita_dim: Annotated[int, fit("width of the attention of fusion=ita", ge=8, multiple_of=2)] = 128
    mtt: Annotated[
        Literal["on", "off"], fit("multimodal temporal transformer; off takes the mean over frames")
    ] = "on"
    temporal_width: Annotated[int, fit("width behind the joint projection", ge=16)] = 512
    temporal_depth: Annotated[int, fit("layers of the temporal transformer", ge=1)] = 1
    temporal_heads: Annotated[int, fit("heads of the temporal transformer", ge=1)] = 8
    temporal_head: Annotated[int, fit("width of each of its heads", ge=4)] = 64
    temporal_hidden: Annotated[int, fit("units of its perceptrons", ge=4)] = 1024

    muon_lr: Annotated[
        float, fit("rate of Muon for weights that are neither prompts, positions nor the "
                   "classifier's; 0 leaves them to AdamW", ge=0)
    ] = 0.0

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {"size": 160},
        "quick": {
            "architecture": "mini", "vision_weights": "mini", "audio_weights": "mini",
            "size": 64, "frames": 8, "window": 256, "latent": 32, "ita_dim": 32,
            "temporal_width": 96, "temporal_heads": 4, "temporal_head": 24, "temporal_hidden": 192,
            "epochs": 3, "batch": 4, "lr": 3e-3, "muon_lr": 0.03, "prompt_positions": 0.1,
            "drop_path": 0.0, "crop": 0.8, "brightness": 0.2, "pixels": "imagenet",
        },
    }
    variants: ClassVar[dict[str, dict[str, Any]]] = {
        "official": {"audio_rate": "native", "segment_mode": "official"},
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 55.0, "apply": 3.0}

    @property
    def drawn_faces(self) -> bool:
        """Whether the encoders were trained on drawn faces alone."""
        return self.vision_weights == "mini" and not self.trained

    @property
    def tokens(self) -> int:
        """Learned tokens of each encoder."""
        return 0 if self.prompts == "none" else self.update_tokens * self.updates

    def __post_init__(self) -> None:
        super().__post_init__()
        depth = self.pair.shape.depth
        if self.prompts == "progressive" and depth % self.updates:
            raise ValueError(f"updates must divide the encoders' {depth} blocks")
        if self.fusion in ("mult", "mult_concat") and self.latent % 2:
            raise ValueError("latent must be even: the attention has two heads")

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: the checkpoints' digests.

        Raises:
            MissingWeightsError: a checkpoint is not here. UsageError: it is of another shape.
        """
        vision, audio = self.encoders(weights)
        return digests(vision=vision, audio=audio, trained=self.start(weights))

    def encoders(self, weights: Path) -> tuple[Path | None, Path | None]:
        """The files of the vision and the audio encoder; None for random weights.

        Both are None where a trained checkpoint, which holds them, is given.
        """
        if self.trained:
            return None, None
        return (
            locate_encoder(self, self.vision_weights, VISION, weights),
            locate_encoder(self, self.audio_weights, AUDIO, weights),
        )

    def start(self, weights: Path) -> Path | None:
        """The trained checkpoint to start from, or None.

        Raises:
            MissingWeightsError: it is not here.
        """
        return locate_encoder(self, self.trained or "none", {}, weights)
