"""Parameters of CLIP zero-shot; imports no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import apply
from irfer_clip.classifier_params import OPENAI_B16, ClipParams


class ClipZeroShotParams(ClipParams, frozen=True):
    """CLIP as it comes: nothing is trained."""

    backbone: Annotated[str, apply("open_clip tag model/tag, path of a checkpoint, or mini")] = (
        OPENAI_B16
    )
    architecture: Annotated[str, apply("open_clip model name, where backbone is a path")] = ""
    template: Annotated[
        Literal["single", "face", "descr", "ensemble"],
        apply("photo of a class, facial expression of a class, with description, or 8 templates"),
    ] = "single"
    ir_norm: Annotated[
        Literal["clip", "minmax_then_clip", "per_image_std"], apply("scaling of infrared frames")
    ] = "clip"
    texts: Annotated[
        str, apply("file of templates, class names and descriptions; empty takes the shipped ones")
    ] = ""

    presets: ClassVar[dict[str, dict[str, Any]]] = {"quick": {"backbone": "mini"}}
