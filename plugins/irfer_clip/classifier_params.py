"""Parameters that CLIP recognizers share; imports no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from irfer_bench.api import Params, fit
from irfer_bench.nn.weights import digest
from irfer_clip.backbone_files import (
    OPENAI_MODELS,
    agreed_model,
    backbone_digest,
    is_file_path,
)
from irfer_clip.texts import find_texts

OPENAI_B16 = "ViT-B-16-quickgelu/openai"


class ClipParams(Params, frozen=True):
    """Which CLIP, and how infrared frames are scaled for it."""

    weights_field: ClassVar[str] = "backbone"

    backbone: Annotated[
        str,
        fit("open_clip tag model/tag, path of a checkpoint or of a folder with a CLIPModel of "
            "transformers, or mini"),
    ] = OPENAI_B16
    architecture: Annotated[str, fit("open_clip model name, where backbone is a path")] = ""
    ir_norm: Annotated[
        Literal["clip", "minmax_then_clip", "per_image_std"], fit("scaling of infrared frames")
    ] = "clip"
    texts: Annotated[
        str, fit("file of templates, class names and descriptions; empty takes the shipped ones")
    ] = ""

    @property
    def drawn_faces(self) -> bool:
        """The embedded backbone was trained on drawn faces."""
        return self.backbone == "mini"

    def inputs(self, weights: Path) -> dict[str, Any]:
        """What the key must hold besides the parameters: digests of checkpoint and texts.

        Raises:
            MissingWeightsError, MissingError: the checkpoint or the file of texts is not here.
            UsageError: the checkpoint is a published one of another architecture.
        """
        found = {"backbone_digest": backbone_digest(self.backbone, weights)}
        if is_file_path(self.backbone):
            published = OPENAI_MODELS.get(found["backbone_digest"], "")
            agreed_model(self.backbone, self.architecture, published)
        if self.texts:
            found["texts_digest"] = digest(find_texts(self.texts, weights))
        return found


class PromptParams(ClipParams, frozen=True):
    """The recipe of methods that train prompts on a frozen CLIP (Dassl's, of the CoOp family)."""

    lr: Annotated[float, fit("largest rate of the optimiser", gt=0)] = 0.002
    epochs: Annotated[int, fit("passes over the larger of source and target", ge=1)] = 50
    batch: Annotated[int, fit("images per domain and step", ge=2)] = 32
    transforms: Annotated[
        Literal["clip", "face"], fit("random crops of 8 to 100 % of the area, or 80 to 100 %")
    ] = "clip"
    optimizer: Annotated[
        Literal["sgd", "adamw"],
        fit("SGD with momentum 0.9 and Dassl's schedule, or AdamW with a short warm-up and a "
            "cosine; weight decay 5e-4"),
    ] = "sgd"


class ContextParams(PromptParams, frozen=True):
    """Methods that learn the words before a class name and leave the image tower as it is."""

    n_ctx: Annotated[int, fit("learned vectors; ctx_init has as many as words", ge=1, le=64)] = 16
    ctx_init: Annotated[str, fit("words to start from, or empty for random vectors")] = ""
    views: Annotated[
        int, fit("fixed views per image, encoded once; 0 draws a fresh one in each step", ge=0)
    ] = 0

    @property
    def tokens(self) -> int:
        """How many vectors are learned."""
        return len(self.ctx_init.split()) or self.n_ctx

    @property
    def template(self) -> str:
        """The text whose first words the vectors replace, with {} for the class."""
        return context_template(self.ctx_init, self.tokens)


def context_template(ctx_init: str, n: int) -> str:
    """The text about a class whose first n tokens are learned: the given words, or n fillers."""
    return f"{ctx_init or ' '.join(['X'] * n)} {{}}."
