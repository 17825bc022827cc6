"""Parameters of DFER-CLIP; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import apply, fit
from irfer_clip.classifier_params import ClipParams


class DferClipParams(ClipParams, frozen=True):
    """DFER-CLIP (Zhao and Patras, BMVC 2023); the augmentation is that of its runs on DFEW."""

    backbone: Annotated[str, fit("open_clip tag model/tag, path of a checkpoint, or mini")] = (
        "ViT-B-32-quickgelu/openai"
    )
    normalise: Annotated[
        Literal["none", "clip"], fit("frames as they are in 0..1, or by CLIP's mean and deviation")
    ] = "none"
    ir_norm: Annotated[
        Literal["clip", "minmax_then_clip", "per_image_std"],
        fit("scaling of infrared frames, with normalise=clip"),
    ] = "clip"
    text: Annotated[
        Literal["description", "expression", "name"],
        fit("behind the learned words: a description of the face, `an expression of`, or the name"),
    ] = "description"
    n_ctx: Annotated[int, fit("learned words", ge=1, le=64)] = 8
    csc: Annotated[bool, fit("learned words of its own for each class")] = True
    segments: Annotated[int, fit("frames of a clip, one of each part", ge=1, le=256)] = 16
    segment_mode: Annotated[
        Literal["official", "full_span"],
        fit("training parts of floor(n / segments) frames, or parts that reach to the clip's end"),
    ] = "official"
    depth: Annotated[int, fit("layers of the temporal transformer", ge=1, le=12)] = 1
    heads: Annotated[int, fit("its attention heads", ge=1, le=32)] = 8
    epochs: Annotated[int, fit("passes over source and target", ge=1)] = 50
    batch: Annotated[int, fit("clips per step", ge=2)] = 48
    lr: Annotated[float, fit("rate of the temporal transformer (SGD, momentum 0.9)", gt=0)] = 1e-2
    lr_image: Annotated[float, fit("rate of the image tower", ge=0)] = 1e-5
    lr_prompts: Annotated[float, fit("rate of the learned words", ge=0)] = 1e-3
    weight_decay: Annotated[float, fit("weight decay", ge=0)] = 1e-4
    milestones: Annotated[
        tuple[int, ...], fit("epochs from each of which all rates are a tenth")
    ] = (30, 40)
    crop: Annotated[float, fit("smallest area of a random crop", gt=0, le=1)] = 0.08
    flip: Annotated[float, fit("probability of a mirrored clip", ge=0, le=1)] = 0.5
    brightness: Annotated[
        float, fit("largest relative change of brightness; 0 on MAFW and FERV39k", ge=0, le=1)
    ] = 0.5
    rotation: Annotated[
        float, fit("largest rotation in degrees; 4 on FERV39k", ge=0, le=45)
    ] = 0.0
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

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "bench": {
            "epochs": 25, "milestones": (15, 20), "crop": 0.8, "segment_mode": "full_span",
        },
        "quick": {
            "backbone": "mini", "normalise": "clip", "segments": 8, "epochs": 6, "batch": 16,
            "lr": 1e-2, "lr_image": 1e-3, "lr_prompts": 1e-2, "milestones": (5,), "crop": 0.8,
            "brightness": 0.0,
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 45.0, "apply": 1.0}
