"""The config.json beside a CLIPModel of Hugging Face's transformers, in open_clip's terms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from irfer_bench.api import DamagedError, UsageError
from irfer_clip.backbone_files import COLOURS, CONFIG
from irfer_clip.described import Layers, Side, Vocabulary, Width

Epsilon = Annotated[float, Meta(ge=9e-6, le=1.1e-5)]


class _Tower(msgspec.Struct, frozen=True):
    """What both towers have; a value that is not written is the default of transformers."""

    num_hidden_layers: Layers = 12
    hidden_act: Literal["quick_gelu", "gelu"] = "quick_gelu"
    layer_norm_eps: Epsilon = 1e-5


class _Text(_Tower, frozen=True):
    hidden_size: Width = 512
    intermediate_size: Annotated[int, Meta(ge=1, le=2**16)] = 2048
    num_attention_heads: Width = 8
    max_position_embeddings: Side = 77
    vocab_size: Vocabulary = 49408


class _Vision(_Tower, frozen=True):
    hidden_size: Width = 768
    intermediate_size: Annotated[int, Meta(ge=1, le=2**16)] = 3072
    num_attention_heads: Width = 12
    image_size: Side = 224
    patch_size: Side = 32
    num_channels: Annotated[int, Meta(ge=3, le=3)] = 3


class _Config(msgspec.Struct, frozen=True):
    model_type: Literal["clip"]
    projection_dim: Width = 512
    text_config: _Text | None = None
    vision_config: _Vision | None = None
    # Old files have these, which count then.
    text_config_dict: _Text | None = None
    vision_config_dict: _Vision | None = None


class _Colours(msgspec.Struct, frozen=True):
    image_mean: list[float] | None = None
    image_std: list[float] | None = None


def read_folder(folder: Path) -> dict[str, str]:
    """Architecture, mean and standard deviation of a folder, as `described` reads them in a file.

    Empty where the folder has no config.json.

    Raises:
        UsageError: the config is not one of a CLIPModel that open_clip's CLIP equals.
        DamagedError: it cannot be read.
    """
    file = folder / CONFIG
    if not file.is_file():
        return {}
    config: _Config = _decode(file, _Config)
    text = config.text_config_dict or config.text_config or _Text()
    vision = config.vision_config_dict or config.vision_config or _Vision()
    if text.hidden_act != vision.hidden_act:
        raise UsageError(
            f"{file}: the text tower has {text.hidden_act}, the image tower {vision.hidden_act}",
            "give a CLIP with one activation",
        )
    if vision.hidden_size % vision.num_attention_heads:
        raise UsageError(
            f"{file}: {vision.num_attention_heads} heads do not divide {vision.hidden_size}",
            "give a folder with a CLIPModel of transformers",
        )
    architecture = {
        "embed_dim": config.projection_dim,
        "quick_gelu": vision.hidden_act == "quick_gelu",
        "vision_cfg": {
            "image_size": vision.image_size,
            "patch_size": vision.patch_size,
            "width": vision.hidden_size,
            "layers": vision.num_hidden_layers,
            "head_width": vision.hidden_size // vision.num_attention_heads,
            "mlp_ratio": _ratio(vision),
        },
        "text_cfg": {
            "context_length": text.max_position_embeddings,
            "vocab_size": text.vocab_size,
            "width": text.hidden_size,
            "heads": text.num_attention_heads,
            "layers": text.num_hidden_layers,
            "mlp_ratio": _ratio(text),
        },
    }
    return {"architecture": json.dumps(architecture)} | _colours(folder / COLOURS)


def _ratio(tower: _Text | _Vision) -> float:
    """Hidden units per channel; open_clip rounds the product of both down."""
    exact = tower.intermediate_size % tower.hidden_size == 0
    return (tower.intermediate_size + (0 if exact else 0.5)) / tower.hidden_size


def _colours(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    found: _Colours = _decode(file, _Colours)
    given = {"mean": found.image_mean, "std": found.image_std}
    return {name: json.dumps(value) for name, value in given.items() if value is not None}


def _decode(file: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{file} is no config of a CLIPModel that can be built here: {error}",
            "give a folder with a CLIPModel of transformers",
        ) from None
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{file} is no JSON: {error}", "fetch the file again") from None
