"""Which network a checkpoint belongs to: by its metadata, by open_clip's tables, or as named."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import open_clip
from open_clip.model import CLIPTextCfg, CLIPVisionCfg
from open_clip.pretrained import get_pretrained_cfg, list_pretrained
from open_clip.transformer import VisionTransformer

from irfer_bench.api import DamagedError, UsageError
from irfer_clip.backbone_files import OPENAI, QUICK, activation_error
from irfer_clip.described import read_architecture


def published_model(sha256: str) -> str:
    """The open_clip model that a file was published as, by the digest in its address, or empty.

    OpenAI's addresses hold the whole sha256, those of open_clip's first releases its beginning.
    """
    for model, tag in list_pretrained():
        facts = get_pretrained_cfg(model, tag)
        url = facts.get("url", "")
        address, known = PurePosixPath(url), ""
        if url.startswith(f"{OPENAI}/"):
            known = address.parent.name
        elif url.startswith("https://github.com/mlfoundations/open_clip/releases/"):
            known = address.stem.rpartition("-")[2]
        if len(known) >= 8 and sha256.startswith(known):
            base = str(model).removesuffix(QUICK)
            return base + QUICK if facts.get("quick_gelu") else base
    return ""


def is_known_tag(model: str, tag: str) -> bool:
    """Whether open_clip's table tells the activation of these weights; checks that it is this one.

    Raises:
        UsageError: it is the other one.
    """
    base = model.removesuffix(QUICK)
    facts = get_pretrained_cfg(base, tag)
    if facts and bool(facts.get("quick_gelu")) != (base != model):
        raise activation_error(model, tag)
    return bool(facts)


def read_config(metadata: Mapping[str, str], named: str, file: str) -> dict[str, Any]:
    """The config of open_clip: that of the file where it has one, otherwise of the named model.

    Raises:
        UsageError: there is neither, or both and they differ.
        DamagedError: the file's is not understood.
    """
    found = open_clip.get_model_config(named) if named else None
    if found is None and (named or "architecture" not in metadata):
        raise UsageError(
            f"the architecture of {file} is {named or 'unknown'!r}",
            "name it in `architecture`, for example ViT-B-16-quickgelu",
        )
    if "architecture" not in metadata:
        return dict(found or {})
    own = read_architecture(metadata, file)
    if found is not None:
        _compare(_facts(own), _facts(found), named, file)
    return own


def _facts(config: Mapping[str, Any]) -> dict[str, Any]:
    try:
        vision, text = CLIPVisionCfg(**config["vision_cfg"]), CLIPTextCfg(**config["text_cfg"])
    except (KeyError, TypeError) as error:
        raise UsageError(f"the architecture is none of a CLIP: {error!r}") from None
    return {
        "activation": "QuickGELU" if config.get("quick_gelu") else "exact GELU",
        "projection": config["embed_dim"],
        "image size": vision.image_size,
        "patch size": vision.patch_size,
        "image width": vision.width,
        "image layers": vision.layers,
        "image heads": vision.width // vision.head_width,
        "context": text.context_length,
        "vocabulary": text.vocab_size,
        "text width": text.width,
        "text layers": text.layers,
        "text heads": text.heads,
    }


def _compare(own: Mapping[str, Any], other: Mapping[str, Any], named: str, file: str) -> None:
    wrong = [f"{k} is {own[k]}, {named} has {other[k]}" for k in own if own[k] != other[k]]
    if wrong:
        raise UsageError(
            f"the config of {file} is not of {named}: {'; '.join(wrong[:3])}",
            "leave `architecture` empty, or name the right open_clip model",
        )


def check_towers(clip: Any, what: str) -> None:
    """Refuse a CLIP whose features would be computed otherwise than `prompting` does.

    Raises:
        UsageError: the image tower is no ViT with a class token, or the text is not read at its
            end through a causal mask.
    """
    visual = clip.visual
    image = isinstance(visual, VisionTransformer) and visual.attn_pool is None
    if not (image and visual.pool_type == "tok" and not visual.final_ln_after_pool):
        raise UsageError(
            f"the image tower of {what} is no ViT that reads its class token",
            "give one of open_clip's ViT-B, -L, -H, -g or -bigG",
        )
    if clip.text_pool_type != "argmax" or clip.attn_mask is None:
        raise UsageError(
            f"the text tower of {what} does not read the last token of a causal transformer",
            "give one of open_clip's ViT-B, -L, -H, -g or -bigG",
        )


def check_depth(config: Mapping[str, Any], count: int, what: str) -> None:
    """Refuse more layers than the file has tensors, before modules are made of them.

    Raises:
        DamagedError: they are more, or the architecture says nothing that can be understood.
    """
    try:
        for tower in ("vision_cfg", "text_cfg"):
            layers = config[tower].get("layers", 12)
            total = sum(layers) if isinstance(layers, list | tuple) else int(layers)
            if total > count:
                raise DamagedError(
                    f"{what} names {total} layers and holds {count} tensors",
                    "fetch it again, or name the right open_clip model in `architecture`",
                )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedError(f"{what} has no architecture of a CLIP: {error!r}") from None
