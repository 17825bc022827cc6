"""Loads a CLIP backbone: the shipped mini one, an open_clip tag or a file, by one path of code."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from irfer_bench.api import Context, DamagedError, UsageError
from irfer_bench.nn.checkpoints import compare_keys, read_checkpoint
from irfer_bench.nn.weights import digest
from irfer_clip.backbone_architecture import (
    check_depth,
    check_towers,
    is_known_tag,
    published_model,
    read_config,
)
from irfer_clip.backbone_config import read_folder
from irfer_clip.backbone_files import (
    OPENAI_SHA256,
    agreed_model,
    backbone_digest,
    find_folder,
    is_file_path,
    locate,
)
from irfer_clip.backbone_layouts import to_open_clip
from irfer_clip.described import read_colours
from irfer_clip.prompting import normalize

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, slots=True)
class Backbone:
    """A frozen CLIP with what belongs to it, shared by everything in the process.

    Nothing may write into `clip`; a method that fine-tunes it takes `copy`.

    Args:
        clip: `open_clip.model.CLIP` in float32, evaluation mode, without gradients.
        tokenizer: text to (C, context) token ids. size: input side in pixels.
        mean, std: per-channel normalisation of images in 0..1. digest: sha256 of the checkpoint.
        assumed: the activation, where the named architecture alone tells it: neither the file nor
            a published digest or tag does.
    """

    clip: Any
    tokenizer: Any
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    digest: str
    device: str
    assumed: str = ""

    @property
    def scale(self) -> Tensor:
        """exp(logit_scale) of the loaded weights: 100 with OpenAI's."""
        scale: Tensor = self.clip.logit_scale.detach().exp()
        return scale

    def copy(self) -> Backbone:
        """A CLIP of one's own, with gradients; the shared one stays as it is."""
        return replace(self, clip=copy.deepcopy(self.clip).requires_grad_(True))

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """(C, context) token ids on the backbone's device.

        Raises:
            UsageError: a text is longer than the context; its end would be cut off.
        """
        for text in texts:
            used = len(self.tokenizer.encode(text)) + 2
            if used > self.clip.context_length:
                raise UsageError(
                    f"the text {text!r} has {used} tokens, the backbone takes "
                    f"{self.clip.context_length}",
                    "use a shorter template or class name",
                )
        ids: Tensor = self.tokenizer(list(texts), self.clip.context_length).to(self.device)
        return ids


def load_backbone(name: str, architecture: str, ctx: Context) -> Backbone:
    """The backbone `name` on the step's device; one per process, checkpoint and device.

    Raises:
        MissingWeightsError, DamagedError, UsageError: the file is not here, is not a CLIP
        checkpoint, or does not fit the architecture.
    """
    path, folder = locate(name, ctx.weights), find_folder(name, ctx.weights)
    sha256 = backbone_digest(name, ctx.weights)
    if name == "mini" or is_file_path(name) or folder is not None:
        published = published_model(digest(path))
        model, known = agreed_model(path.name, architecture, published), bool(published)
    else:
        model, _, tag = name.partition("/")
        known = is_known_tag(model, tag)
    return _load(str(path), model, ctx.device, sha256, known, str(folder) if folder else "")


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors under open_clip's plain names, in float32, and the file's metadata.

    Knows safetensors, plain state dicts, `state_dict` wrappers and `module.` prefixes, the names
    of `backbone_layouts`, and the TorchScript archives that OpenAI published, by their sha256.

    Raises:
        RefusedError: another TorchScript archive; nothing of it was loaded.
        DamagedError: the file cannot be read, or holds no CLIP.
        UsageError: it holds one tower alone.
    """
    file = read_checkpoint(path, torchscript=OPENAI_SHA256)
    return to_open_clip(file.tensors, path), dict(file.metadata)


def build_clip(config: dict[str, Any], state: dict[str, Tensor], what: str) -> Any:
    """open_clip's CLIP from a model config, with exactly these weights.

    Raises:
        UsageError: names or shapes differ; says which. DamagedError: some tensors are not there.
    """
    check_depth(config, len(state), what)
    known = {k: config[k] for k in ("embed_dim", "vision_cfg", "text_cfg")}
    # Without memory and without random numbers: every tensor comes from the checkpoint.
    try:
        with torch.device("meta"):
            clip = CLIP(**known, quick_gelu=bool(config.get("quick_gelu", False)))
    except (RuntimeError, ValueError, ArithmeticError, AssertionError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise DamagedError(f"{what}: no network has its architecture ({why})") from None
    check_towers(clip, what)
    report = compare_keys(clip.state_dict(), state)
    if report.missing and not report.unexpected and not report.misshapen:
        count = len(report.matched)
        raise DamagedError(
            f"{what} is incomplete: {count} of {count + len(report.missing)} tensors "
            f"({report.describe()})",
            "fetch it again, or name the right open_clip model in `architecture`",
        )
    if not report.fits:
        raise UsageError(
            f"{what} does not fit its architecture: {report.describe()}",
            "name the right open_clip model in `architecture`",
        )
    clip.load_state_dict(state, strict=True, assign=True)
    clip.attn_mask = torch.full((clip.context_length,) * 2, float("-inf")).triu_(1)
    return clip.eval().requires_grad_(False)


@lru_cache(maxsize=2)
def _load(
    path: str, architecture: str, device: str, sha256: str, known: bool, folder: str
) -> Backbone:
    file = Path(path)
    state, metadata = read_state(file)
    if folder:
        metadata |= read_folder(Path(folder))
    what = Path(folder).name if folder else file.name
    config = read_config(metadata, architecture, what)
    clip = build_clip(config, state, what).to(device)
    size = clip.visual.image_size
    kind = "QuickGELU" if config.get("quick_gelu") else "exact GELU"
    published = known or "architecture" in metadata
    return Backbone(
        clip,
        _tokenizer(metadata, file, architecture, clip.vocab_size),
        int(size[0] if isinstance(size, (tuple, list)) else size),
        read_colours(metadata, "mean", MEAN, what),
        read_colours(metadata, "std", STD, what),
        sha256,
        device,
        "" if published else f"{kind} of {architecture}; no published file has this sha256",
    )


def _tokenizer(metadata: dict[str, str], file: Path, architecture: str, vocabulary: int) -> Any:
    merges = metadata.get("merges")
    if merges is None:
        tokenizer = open_clip.get_tokenizer(architecture) if architecture else SimpleTokenizer()
        if isinstance(tokenizer, SimpleTokenizer) and tokenizer.vocab_size != vocabulary:
            raise UsageError(
                f"{file.name} has a vocabulary of {vocabulary} tokens, CLIP's has "
                f"{tokenizer.vocab_size}",
                "give a CLIP with OpenAI's tokens",
            )
        return tokenizer
    path = file.parent / merges
    if path.name != merges or not path.is_file():
        raise DamagedError(f"{file} needs {merges} beside it", "copy both files")
    return SimpleTokenizer(bpe_path=str(path))


def zero_shot_logits(scale: Tensor, images: Tensor, texts: Tensor) -> Tensor:
    """s cos(f_img, f_txt): (B, embed) and unit (C, embed) to (B, C)."""
    return scale * normalize(images) @ texts.T
