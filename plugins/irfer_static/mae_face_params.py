"""Parameters of fine-tuned MAE-Face; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import MissingWeightsError, UsageError, fit
from irfer_bench.nn.weights import Pretrained, locate
from irfer_static.vit_params import QUICK, TransformerParams

FILE = "mae_face_pretrain_vit_base.pth"
MAE_FACE = Pretrained(
    name="of MAE-Face (ViT-B/16)",
    files=(FILE,),
    source=f"https://github.com/FuxiVirtualHuman/MAE-Face/releases ({FILE})",
)


class MAEFaceParams(TransformerParams, frozen=True):
    """Our fine-tuning recipe for MAE-Face; the values are in no paper."""

    weights: Annotated[
        str, fit("mae_face, mini, none, or the path of a checkpoint in MAE-Face's layout")
    ] = "mae_face"
    architecture: Annotated[
        Literal["b16", "mini"], fit("ViT-B/16, or 3 layers of width 64")
    ] = "b16"
    pool: Annotated[
        Literal["patches", "token"],
        fit("features: normalised mean of the patches, or the normalised class token"),
    ] = "patches"

    network: ClassVar[str] = "mae_face"
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "quick": {"weights": "mini", **QUICK},
    }

    def checkpoint(self, weights: Path) -> Path | None:
        """The pretrained file, or None for random weights.

        Raises:
            MissingWeightsError: it is not here; says where to get it and where to put it.
            UsageError: weights of another architecture.
        """
        if self.weights == "mini":
            raise MissingWeightsError(
                "mae_face in quick needs a mini MAE, which irfer-bench does not ship yet",
                "take preset bench with MAE-Face's checkpoint, or weights=none to start from "
                "random weights",
            )
        if self.weights == "mae_face" and self.architecture != "b16":
            raise UsageError(
                f"mae_face with weights=mae_face is a ViT-B/16, asked for {self.architecture}",
                "leave architecture, or train from random weights with weights=none",
            )
        return locate("mae_face", self.weights, {"mae_face": MAE_FACE}, "MAE-Face", weights)
