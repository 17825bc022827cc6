"""The frozen encoders of MMA-DFER and of the unimodal classifiers: shapes, files; no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import Params, UsageError, apply, fit
from irfer_bench.nn.weights import Pretrained, digest, locate

MAE_FACE = Pretrained(
    name="of MAE-Face (ViT-B/16)",
    files=("mae_face_pretrain_vit_base.pth",),
    source="https://github.com/FuxiVirtualHuman/MAE-Face/releases "
    "(mae_face_pretrain_vit_base.pth)",
)
AUDIO_MAE = Pretrained(
    name="of AudioMAE (ViT-B/16, pretrained on AudioSet)",
    files=("audiomae_pretrained.pth", "pretrained.pth"),
    source="https://github.com/facebookresearch/AudioMAE "
    "(pretrained.pth, saved as audiomae_pretrained.pth)",
)
MADE = "`python -m irfer_synth.pretrain_mae`, which makes it"
SHIPPED = Path(str(files("irfer_synth"))) / "weights"
MINI_FACE = Pretrained("mini MAE of faces", ("mini_mae_face.safetensors",), "", MADE, SHIPPED)
MINI_AUDIO = Pretrained("mini MAE of audio", ("mini_mae_audio.safetensors",), "", MADE, SHIPPED)


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Shape of one masked autoencoder's encoder; patches are `patch` x `patch`."""

    width: int
    depth: int
    heads: int
    patch: int


@dataclass(frozen=True, slots=True)
class EncoderPair:
    """The two encoders and what they take: squares of `size` pixels, spectrograms.

    Args:
        window: frames of 10 ms of a spectrogram. mels: its frequency bands.
    """

    shape: EncoderShape
    size: int
    window: int
    mels: int


PAIRS = {
    "b16": EncoderPair(EncoderShape(768, 12, 12, 16), 224, 512, 128),
    "mini": EncoderPair(EncoderShape(96, 6, 4, 8), 64, 256, 64),
}


class EncoderParams(Params, frozen=True):
    """What frozen encoders see of a clip, and the recipe by which the rest is trained."""

    network: ClassVar[str]
    """Name of the recognizer, for messages and seeds."""

    architecture: Annotated[
        Literal["b16", "mini"], fit("two ViT-B/16, or two of 6 layers of width 96")
    ] = "b16"
    frames: Annotated[int, fit("frames of a clip, one per segment", ge=1, le=64)] = 16
    size: Annotated[int, fit("side of the vision encoder's input in pixels", ge=16, le=512)] = 224
    window: Annotated[
        int, fit("frames of 10 ms of a spectrogram; longer audio is cut", ge=16, le=1024)
    ] = 512
    segment_mode: Annotated[
        Literal["full_span", "official"],
        fit("segments of training: up to the end of a clip, or without its last n mod 16 frames"),
    ] = "full_span"
    pixels: Annotated[
        Literal["unit", "imagenet"],
        fit("pixels stay in 0 to 1, or ImageNet's mean and deviation are taken off"),
    ] = "unit"
    audio_rate: Annotated[
        Literal["16k", "native"],
        fit("rate of the audio: AudioMAE's 16 kHz, or whatever the file has"),
    ] = "16k"
    crop: Annotated[
        float, fit("smallest area of the random crop, one draw a clip; 1 is no crop", gt=0, le=1)
    ] = 0.08
    flip: Annotated[float, fit("probability of a mirrored clip", ge=0, le=1)] = 0.5
    brightness: Annotated[
        float, fit("b: pixels are multiplied by 1 - b to 1 + b, one draw a clip", ge=0, le=1)
    ] = 0.5
    drop_path: Annotated[
        float, fit("stochastic depth of the last block of the frozen encoders", ge=0, lt=1)
    ] = 0.1

    epochs: Annotated[int, fit("passes over the training clips", ge=0)] = 25
    batch: Annotated[int, fit("clips per step", ge=1)] = 8
    lr: Annotated[float, fit("AdamW, cosine to 0 by epochs", gt=0)] = 1e-4
    weight_decay: Annotated[float, fit("of AdamW", ge=0)] = 1e-2

    test_clips: Annotated[int, apply("clips that a video is scored by", ge=1, le=8)] = 1
    clip_split: Annotated[
        Literal["alternate", "halves"], apply("clips take frames in turn, or consecutive runs")
    ] = "alternate"
    clip_mean: Annotated[
        Literal["probability", "logit"], apply("what is averaged over the clips")
    ] = "probability"
    predict_batch: Annotated[int, apply("clips per forward pass of predict", ge=1)] = 16

    @property
    def pair(self) -> EncoderPair:
        """The encoders, for images of `size` pixels and spectrograms of `window` frames."""
        return replace(PAIRS[self.architecture], size=self.size, window=self.window)

    def __post_init__(self) -> None:
        patch = self.pair.shape.patch
        if self.size % patch:
            raise ValueError(f"size must be a multiple of the patches' {patch} pixels")
        if self.window % patch:
            raise ValueError(f"window must be a multiple of the patches' {patch} frames")


def locate_encoder(
    params: EncoderParams, named: str, known: dict[str, Pretrained], weights: Path
) -> Path | None:
    """The file that a weights parameter names: none, a published one, or a path.

    Raises:
        MissingWeightsError: it is not here. UsageError: it belongs to the other architecture.
    """
    published = "mini" if named == "mini" else "b16"
    if named in known and published != params.architecture:
        raise UsageError(
            f"{params.network}: weights {named} are those of architecture={published}, asked for "
            f"{params.architecture}",
            f"say architecture={published}, or give other weights",
        )
    return locate(params.network, named, known, "MAE", weights)


def digests(**files: Path | None) -> dict[str, Any]:
    """The digests of files by name, for a step's key; None is left out."""
    return {f"{name}_digest": digest(path) for name, path in files.items() if path is not None}
