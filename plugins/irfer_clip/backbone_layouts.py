"""Tensor names of published CLIP files, turned into those of open_clip's `CLIP`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from irfer_bench.api import DamagedError, UsageError
from irfer_bench.nn.checkpoints import rename_keys

_TRANSFORMERS: dict[str, str | None] = {
    "text_model.embeddings.token_embedding.": "token_embedding.",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    "text_model.embeddings.position_ids": None,
    "text_model.encoder.layers.": "transformer.resblocks.",
    "text_model.final_layer_norm.": "ln_final.",
    "text_projection.weight": "text_projection",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.embeddings.position_ids": None,
    "vision_model.pre_layrnorm.": "visual.ln_pre.",  # spelt so
    "vision_model.encoder.layers.": "visual.transformer.resblocks.",
    "vision_model.post_layernorm.": "visual.ln_post.",
    "visual_projection.weight": "visual.proj",
}
_IN_LAYERS = {
    ".layer_norm1.": ".ln_1.",
    ".layer_norm2.": ".ln_2.",
    ".self_attn.": ".attn.",
    ".mlp.fc1.": ".mlp.c_fc.",
    ".mlp.fc2.": ".mlp.c_proj.",
}
_PROJECTIONS = ("text_projection", "visual.proj")
_SPLIT = re.compile(r"(.*resblocks\.\d+\.attn\.)([qkv])_proj\.(weight|bias)")
_DERIVED = ("input_resolution", "context_length", "vocab_size", "attn_mask")
_IMAGE = ("visual.transformer.", "visual.ln_", "visual.conv1.", "visual.class_embedding")
_TEXT = ("transformer.resblocks.", "token_embedding.", "ln_final.")


def to_open_clip(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors of a CLIP in float32 under the names of open_clip's `CLIP`.

    Knows those names, the text tower under `text.` of open_clip's `CustomTextCLIP`, and those of
    `CLIPModel` of Hugging Face's transformers. A tensor with another name keeps it.

    Raises:
        DamagedError: nothing in the file is of a CLIP, or its tensors do not go together.
        UsageError: the file holds one tower alone.
    """
    named = dict(tensors)
    if any(name.startswith(("text_model.", "vision_model.")) for name in named):
        named = _from_transformers(named, path)
    elif "token_embedding.weight" not in named:
        named = rename_keys(named, {"text.": ""})
    state = {name: value.float() for name, value in named.items() if name not in _DERIVED}
    _check_towers(state, tensors, path)
    return state


def _from_transformers(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """CLIPModel: apart from the names, queries, keys and values of a layer are one matrix here."""
    named, split = {}, dict[str, dict[str, Tensor]]()
    for name, value in rename_keys(tensors, _TRANSFORMERS).items():
        new = name
        if ".resblocks." in name:
            for old, ours in _IN_LAYERS.items():
                new = new.replace(old, ours)
        parts = _SPLIT.fullmatch(new)
        if parts:
            split.setdefault(f"{parts[1]}in_proj_{parts[3]}", {})[parts[2]] = value
        else:
            named[new] = value
    for name in _PROJECTIONS:
        if name in named and named[name].ndim == 2:
            named[name] = named[name].T.contiguous()
    for name, thirds in split.items():
        if len({third.shape for third in thirds.values()}) > 1:
            raise DamagedError(
                f"{path}: the queries, keys and values of {name} differ in shape",
                "fetch the file again",
            )
        if len(thirds) == 3:  # with fewer the matrix is missing, and is reported so
            named[name] = torch.cat([thirds[third] for third in "qkv"])
    return named


def _check_towers(state: dict[str, Tensor], given: Mapping[str, Tensor], path: Path) -> None:
    image = any(name.startswith(_IMAGE) for name in state)
    text = any(name.startswith(_TEXT) for name in state)
    if image and text:
        return
    if image or text:
        raise UsageError(
            f"{path} holds the {'image' if image else 'text'} tower alone",
            "give the checkpoint of the whole CLIP",
        )
    names = ", ".join(list(given)[:3]) or "no tensors"
    raise DamagedError(
        f"{path} is not a CLIP checkpoint (it holds {names})",
        "give a CLIP of OpenAI, open_clip or Hugging Face's CLIPModel",
    )
