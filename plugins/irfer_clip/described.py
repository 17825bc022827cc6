"""What a checkpoint's metadata say of its network: numbers within bounds, and nothing else.

open_clip's configs may also name further models, which it would look for on the net.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from irfer_bench.api import DamagedError

Layers = Annotated[int, Meta(ge=1, le=200)]
Width = Annotated[int, Meta(ge=1, le=2**14)]
Side = Annotated[int, Meta(ge=1, le=2**12)]
Vocabulary = Annotated[int, Meta(ge=1, le=10**6)]
Ratio = Annotated[float, Meta(gt=0, le=16)]


class _Vision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    image_size: Side | UnsetType = UNSET
    patch_size: Side | UnsetType = UNSET
    width: Width | UnsetType = UNSET
    layers: Layers | UnsetType = UNSET
    head_width: Width | UnsetType = UNSET
    mlp_ratio: Ratio | UnsetType = UNSET


class _Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    context_length: Side | UnsetType = UNSET
    vocab_size: Vocabulary | UnsetType = UNSET
    width: Width | UnsetType = UNSET
    heads: Width | UnsetType = UNSET
    layers: Layers | UnsetType = UNSET
    mlp_ratio: Ratio | UnsetType = UNSET


class _Architecture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    embed_dim: Width
    vision_cfg: _Vision
    text_cfg: _Text
    quick_gelu: bool = False


def read_architecture(metadata: Mapping[str, str], file: str) -> dict[str, Any]:
    """The config of open_clip in a file's metadata.

    Raises:
        DamagedError: it is no JSON, or holds another key, a text, or a number out of bounds.
    """
    config: dict[str, Any] = msgspec.to_builtins(
        _decoded(metadata["architecture"], _Architecture, "architecture", file)
    )
    return config


def read_colours(
    metadata: Mapping[str, str], name: str, default: tuple[float, float, float], file: str
) -> tuple[float, float, float]:
    """Mean or standard deviation of red, green and blue in a file's metadata.

    Raises:
        DamagedError: it is not three finite numbers.
    """
    given = metadata.get(name)
    if given is None:
        return default
    found: tuple[float, float, float] = _decoded(given, tuple[float, float, float], name, file)
    if not all(map(isfinite, found)) or (name == "std" and min(found) <= 0):
        raise DamagedError(f"{file}: its {name} {found} is no colour", "fetch the file again")
    return found


def _decoded(text: str, kind: Any, name: str, file: str) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except (ValueError, RecursionError) as error:
        raise DamagedError(
            f"{file}: its {name} is not understood: {error}", "fetch the file again"
        ) from None
