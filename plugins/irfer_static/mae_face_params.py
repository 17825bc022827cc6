"""Parameters of fine-tuned MAE-Face; imports no torch."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import UsageError, fit
from irfer_bench.nn.weights import Pretrained, locate
from irfer_static.vit_params import QUICK, SIZES, TransformerParams, ViTSize

FILE = "mae_face_pretrain_vit_base.pth"
MAE_FACE = Pretrained(
    name="of MAE-Face (ViT-B/16)",
    files=(FILE,),
    source=f"https://github.com/FuxiVirtualHuman/MAE-Face/releases ({FILE})",
)


MINI_MAE = Pretrained(
    name="of the mini MAE of drawn faces",
    files=("mini_mae_face.safetensors",),
    source="`python -m irfer_synth.pretrain_mae`, which makes it",
    folder=Path(str(files("irfer_synth"))) / "weights",
)
KNOWN = {"mae_face": (MAE_FACE, "b16"), "mini": (MINI_MAE, "mini")}
"""Published files by the word that names them, and whose weights they are."""


class MAEFaceParams(TransformerParams, frozen=True):
    """Our fine-tuning recipe for MAE-Face; the values are in no paper."""

    weights: Annotated[
        str, fit("mae_face, mini, none, or the path of a checkpoint in MAE-Face's layout")
    ] = "mae_face"
    architecture: Annotated[
        Literal["b16", "mini"], fit("ViT-B/16, or 6 layers of width 96")
    ] = "b16"
    pool: Annotated[
        Literal["patches", "token"],
        fit("features: normalised mean of the patches, or the normalised class token"),
    ] = "patches"

    network: ClassVar[str] = "mae_face"
    presets: ClassVar[dict[str, dict[str, Any]]] = {
        # Chosen on a fifth of fold 1's training subjects.
        "quick": {
            "weights": "mini", **QUICK, "size": 64, "epochs": 6, "warmup_epochs": 1, "batch": 32,
            "lr": 1e-3, "muon_lr": 0.01,
        },
    }
    quick_seconds: ClassVar[dict[str, float]] = {"fit": 28.0, "apply": 3.0}

    @property
    def shape(self) -> ViTSize:
        """The network's shape."""
        return ViTSize(96, 6, 4, 8) if self.architecture == "mini" else SIZES["b16"]

    @property
    def drawn_faces(self) -> bool:
        """Whether the encoder was trained on drawn faces alone."""
        return self.weights == "mini"

    def checkpoint(self, weights: Path) -> Path | None:
        """The pretrained file, or None for random weights.

        Raises:
            MissingWeightsError: it is not here; says where to get it and where to put it.
            UsageError: weights of another architecture.
        """
        architecture = KNOWN[self.weights][1] if self.weights in KNOWN else self.architecture
        if self.architecture != architecture:
            raise UsageError(
                f"mae_face with weights={self.weights} has architecture={architecture}, asked for "
                f"{self.architecture}",
                "leave architecture, or train from random weights with weights=none",
            )
        known = {name: file for name, (file, _) in KNOWN.items()}
        return locate("mae_face", self.weights, known, "MAE-Face", weights)
