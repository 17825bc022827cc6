"""Parameters that CLIP recognizers share; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from irfer_bench.api import Params, fit
from irfer_clip.backbone_files import backbone_digest

OPENAI_B16 = "ViT-B-16-quickgelu/openai"


class ClipParams(Params, frozen=True):
    """Which CLIP, and how infrared frames are scaled for it."""

    backbone: Annotated[str, fit("open_clip tag model/tag, path of a checkpoint, or mini")] = (
        OPENAI_B16
    )
    architecture: Annotated[str, fit("open_clip model name, where backbone is a path")] = ""
    ir_norm: Annotated[
        Literal["clip", "minmax_then_clip", "per_image_std"], fit("scaling of infrared frames")
    ] = "clip"

    @property
    def drawn_faces(self) -> bool:
        """The embedded backbone was trained on drawn faces."""
        return self.backbone == "mini"

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: the checkpoint's digest.

        Raises:
            MissingWeightsError: the checkpoint is not here.
        """
        return {"backbone_digest": backbone_digest(self.backbone, weights)}


class PromptParams(ClipParams, frozen=True):
    """The recipe of methods that train prompts on a frozen CLIP (Dassl's, of the CoOp family)."""

    lr: Annotated[float, fit("SGD, momentum 0.9, weight decay 5e-4", gt=0)] = 0.002
    epochs: Annotated[int, fit("passes over the first domain that has images", ge=1)] = 50
    batch: Annotated[int, fit("images per domain and step", ge=2)] = 32
    transforms: Annotated[
        Literal["clip", "face"], fit("random crops of 8 to 100 % of the area, or 80 to 100 %")
    ] = "clip"
