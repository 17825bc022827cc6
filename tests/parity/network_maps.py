"""Official U-Net weights in our networks, sizes read from the tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DModel
from torch import Tensor

from irfer_translators.diffusion.key_maps import rename
from irfer_translators.diffusion.unet import NetPreset, freeze, unet
from tests.parity.fixtures import find, load


def read_map(name: str) -> Any:
    """One map of `diffusers_key_maps.json`."""
    (path,) = find("translators", "diffusers_key_maps")
    return load(path)[0][name]


def adm_preset(weights: Mapping[str, Tensor], side: int) -> NetPreset:
    """Of a fixture's ADM network: one residual block, attention at half the side, heads of 16."""
    width = weights["input_blocks.0.0.weight"].shape[0]
    deep = weights["middle_block.0.in_layers.0.weight"].shape[0]
    return NetPreset((width, deep), 1, attention=(side // 2,), head_width=16)


def ddpm_preset(weights: Mapping[str, Tensor], side: int) -> NetPreset:
    """Of a fixture's DDPM network: one residual block, attention at half the side."""
    width = weights["conv_in.weight"].shape[0]
    deep = weights["mid.block_1.norm1.weight"].shape[0]
    return NetPreset((width, deep), 1, attention=(side // 2,), family="ddpm")


def official_net(weights: Mapping[str, Tensor], side: int) -> UNet2DModel:
    """The network of either family under diffusers, called as net(x, t, return_dict=False)[0]."""
    family = ddpm_preset if "conv_in.weight" in weights else adm_preset
    preset = family(weights, side)
    names = ("conv_in", "conv_out") if family is ddpm_preset else ("input_blocks.0.0", "out.2")
    net = unet(
        preset, side, weights[f"{names[0]}.weight"].shape[1], weights[f"{names[1]}.weight"].shape[0]
    )
    net.load_state_dict(rename(weights, preset, side))
    return freeze(net)  # type: ignore[return-value]


def timed(path: Path, side: int) -> Any:
    """The network of a file of weights in float32, called as net(x, t) of any type."""
    net = official_net(group(load(path)[0]), side)
    return lambda x, t: net(x.float(), t, return_dict=False)[0].to(x.dtype)


def group(tensors: Mapping[str, Any], prefix: str = "score.") -> dict[str, Tensor]:
    """Tensors of one group, as torch, without its prefix."""
    return {k.removeprefix(prefix): torch.from_numpy(v) for k, v in tensors.items()
            if k.startswith(prefix)}
