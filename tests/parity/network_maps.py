"""Official U-Net weights as `diffusers.UNet2DModel` weights, by verified maps of module names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from tests.parity.fixtures import find, load


def read_map(name: str) -> Any:
    """One map of `diffusers_key_maps.json`."""
    (path,) = find("translators", "diffusers_key_maps")
    return load(path)[0][name]


def ddpm_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A DDPM U-Net of two levels; 1x1 convolutions of its attention become linear layers."""
    modules = read_map("ddpm_2level_1res_attn1")
    made = {}
    for key, value in weights.items():
        module, kind = key.rsplit(".", 1)
        made[f"{modules[module]}.{kind}"] = flat(value) if ".attn" in module else value
    return made


def adm_weights(weights: Mapping[str, Tensor], head_width: int) -> dict[str, Tensor]:
    """An ADM U-Net of two levels; its joint query, key and value are split head by head."""
    maps = read_map("adm_2level_1res_attn1")
    made = {}
    for key, value in weights.items():
        module, kind = key.rsplit(".", 1)
        if module in maps["qkv_split"]:
            heads = flat(value).unflatten(0, (-1, 3, head_width))
            for k, name in enumerate(("to_q", "to_k", "to_v")):
                made[f"{maps['qkv_split'][module]}.{name}.{kind}"] = heads[:, k].flatten(0, 1)
        else:
            target = maps["modules"][module]
            made[f"{target}.{kind}"] = flat(value) if ".attentions." in target else value
    return made


def flat(value: Tensor) -> Tensor:
    """A 1x1 convolution's weight as a linear layer's; vectors as they are."""
    return value.flatten(1) if value.ndim > 2 else value


def group(tensors: Mapping[str, Any], prefix: str = "score.") -> dict[str, Tensor]:
    """Tensors of one group, as torch, without its prefix."""
    return {k.removeprefix(prefix): torch.from_numpy(v) for k, v in tensors.items()
            if k.startswith(prefix)}
