"""A CLIP of open_clip as Hugging Face's transformers names and saves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

ENDS = {
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "logit_scale": "logit_scale",
}
LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def as_transformers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of open_clip's CLIP under the names of CLIPModel."""
    named: dict[str, Tensor] = {
        "text_projection.weight": state["text_projection"].T,
        "visual_projection.weight": state["visual.proj"].T,
    }
    for name, value in state.items():
        if name in ENDS:
            named[ENDS[name]] = value
        elif "resblocks" in name:
            tower = "vision_model" if name.startswith("visual.") else "text_model"
            number, _, inner = name.split("resblocks.")[1].partition(".")
            layer = f"{tower}.encoder.layers.{number}"
            if "in_proj_" in inner:
                kind = inner.removeprefix("attn.in_proj_")
                for letter, third in zip("qkv", value.chunk(3), strict=True):
                    named[f"{layer}.self_attn.{letter}_proj.{kind}"] = third
            else:
                module, _, kind = inner.rpartition(".")
                named[f"{layer}.{LAYER[module]}.{kind}"] = value
    return {name: value.clone().contiguous() for name, value in named.items()}


def config_of(architecture: dict[str, Any]) -> dict[str, Any]:
    """The config.json of a CLIPModel with open_clip's architecture."""
    vision, text = architecture["vision_cfg"], architecture["text_cfg"]
    common = {"hidden_act": "quick_gelu" if architecture.get("quick_gelu") else "gelu"}
    return {
        "architectures": ["CLIPModel"],
        "model_type": "clip",
        "projection_dim": architecture["embed_dim"],
        "logit_scale_init_value": 2.6592,
        "vision_config": common | {
            "model_type": "clip_vision_model",
            "hidden_size": vision["width"],
            "intermediate_size": 4 * vision["width"],
            "num_hidden_layers": vision["layers"],
            "num_attention_heads": vision["width"] // vision["head_width"],
            "image_size": vision["image_size"],
            "patch_size": vision["patch_size"],
        },
        "text_config": common | {
            "model_type": "clip_text_model",
            "hidden_size": text["width"],
            "intermediate_size": 4 * text["width"],
            "num_hidden_layers": text["layers"],
            "num_attention_heads": text["heads"],
            "max_position_embeddings": text["context_length"],
            "vocab_size": text["vocab_size"],
            "eos_token_id": text["vocab_size"] - 1,
        },
    }  # fmt: skip


def write_folder(folder: Path, state: dict[str, Tensor], config: dict[str, Any]) -> Path:
    """model.safetensors and config.json, as `save_pretrained` leaves them."""
    folder.mkdir(parents=True)
    save_file(as_transformers(state), folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config))
    return folder
