"""The recipe that networks on frames alone share; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import Params, apply, fit

BENCH: dict[str, Any] = {"epochs": 40, "lr_step": 16, "crop": 0.8, "segment_mode": "full_span"}
"""Fewer epochs, crops that keep a face, and training frames from the whole clip."""


class VideoParams(Params, frozen=True):
    """Former-DFER's recipe (ACM Multimedia 2021), with which the literature trains these nets."""

    network: ClassVar[str]
    """Name of the recognizer, for messages and seeds."""

    segments: Annotated[int, fit("parts that a clip is cut into", ge=1, le=256)] = 8
    duration: Annotated[int, fit("consecutive frames of each part", ge=1, le=64)] = 2
    segment_mode: Annotated[
        Literal["official", "full_span"],
        fit("training parts of floor(n / segments) frames, or parts that reach to the clip's end"),
    ] = "official"
    size: Annotated[int, fit("side of the network's input in pixels", ge=16, le=512)] = 112
    width: Annotated[int, fit("channels of the first stage", ge=2, le=256, multiple_of=2)] = 64
    epochs: Annotated[int, fit("passes over source and target", ge=1)] = 100
    batch: Annotated[int, fit("clips per step", ge=2)] = 32
    optimizer: Annotated[
        Literal["sgd", "adamw"], fit("SGD with momentum 0.9, or AdamW")
    ] = "sgd"
    lr: Annotated[float, fit("initial learning rate", gt=0)] = 0.01
    muon_lr: Annotated[
        float, fit("rate of Muon for the weights between the first and the last layer; 0 for none",
                   ge=0)
    ] = 0.0
    weight_decay: Annotated[float, fit("weight decay", ge=0)] = 1e-4
    schedule: Annotated[
        Literal["step", "cosine"], fit("a tenth of the rate every lr_step epochs, or a cosine to 0")
    ] = "step"
    lr_step: Annotated[int, fit("epochs between two steps", ge=1)] = 40
    crop: Annotated[float, fit("smallest area of a random crop", gt=0, le=1)] = 0.08
    flip: Annotated[float, fit("probability of a mirrored clip", ge=0, le=1)] = 0.5
    brightness: Annotated[float, fit("largest relative change of brightness", ge=0, le=1)] = 0.0
    rotation: Annotated[float, fit("largest rotation in degrees", ge=0, le=45)] = 0.0
    selection: Annotated[
        Literal["last", "best_on_validation"],
        fit("weights of the last epoch, or of the best one on the setting's validation clips"),
    ] = "last"
    test_clips: Annotated[int, apply("clips that a video is scored by", ge=1, le=8)] = 1
    clip_split: Annotated[
        Literal["alternate", "halves"], apply("clips take frames in turn, or consecutive runs")
    ] = "alternate"
    clip_mean: Annotated[
        Literal["probability", "logit"], apply("what is averaged over the clips")
    ] = "probability"
    predict_batch: Annotated[int, apply("clips per forward pass of predict", ge=1)] = 16

    def __post_init__(self) -> None:
        if self.muon_lr and self.optimizer != "adamw":
            raise ValueError("muon_lr goes with optimizer=adamw, which trains the other weights")

    @property
    def frames(self) -> int:
        """T, the frames of a clip that the network sees."""
        return self.segments * self.duration
