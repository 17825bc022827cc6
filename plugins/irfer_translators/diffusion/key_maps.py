"""Weights of published U-Nets under the names of `diffusers.UNet2DModel`.

Two families of names are known. `ddpm`: the U-Net of Ho et al. (NeurIPS 2020) in the code of SDEdit
and EGSDE (`down.0.block.0.conv1`). `adm`: that of Dhariwal and Nichol (NeurIPS 2021) in
guided-diffusion and in what is built on it (`input_blocks.1.0.in_layers.2`): ILVR, EGSDE's ADM
models and domain classifier, T2V-DDPM. The networks then agree to 4e-6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from irfer_translators.diffusion.unet import NetPreset

DDPM_BLOCK = {
    "norm1": "norm1", "conv1": "conv1", "temb_proj": "time_emb_proj", "norm2": "norm2",
    "conv2": "conv2", "nin_shortcut": "conv_shortcut",
}
DDPM_ATTENTION = {
    "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
}
ADM_BLOCK = {
    "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2", "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
}
ADM_ATTENTION = {"norm": "group_norm", "qkv": "qkv", "proj_out": "to_out.0"}
Pairs = Iterator[tuple[str, str]]


def rename(
    tensors: Mapping[str, Tensor], preset: NetPreset, side: int
) -> dict[str, Tensor]:
    """Published weights under diffusers' names; what is not known keeps its name.

    Args:
        preset: of the network. side: of its input.
    """
    modules = ddpm_modules(preset, side) if preset.family == "ddpm" else adm_modules(preset, side)
    made: dict[str, Tensor] = {}
    for key, value in tensors.items():
        module, _, kind = key.rpartition(".")
        target = modules.get(module)
        if target is None:
            made[key] = value
        elif target.endswith(".qkv"):
            # Head by head: the query, the key and the value of each.
            flat = _linear(value)
            heads = flat.reshape(-1, 3, preset.head_width, *flat.shape[1:])
            for k, name in enumerate(("to_q", "to_k", "to_v")):
                made[f"{target.removesuffix('qkv')}{name}.{kind}"] = heads[:, k].flatten(0, 1)
        else:
            made[f"{target}.{kind}"] = _linear(value) if ".attentions." in target else value
    return made


def ddpm_modules(preset: NetPreset, side: int) -> dict[str, str]:
    """Names of modules, the published one to diffusers'."""
    return dict(_ddpm(preset, side))


def adm_modules(preset: NetPreset, side: int) -> dict[str, str]:
    """Names of modules, the published one to diffusers'; `.qkv` is three linear layers there."""
    return dict(_adm(preset, side))


def _ddpm(preset: NetPreset, side: int) -> Pairs:
    top = len(preset.channels) - 1
    yield from (("temb.dense.0", "time_embedding.linear_1"), ("conv_in", "conv_in"),
                ("temb.dense.1", "time_embedding.linear_2"), ("conv_out", "conv_out"),
                ("norm_out", "conv_norm_out"))
    for part, extra, sampler in (("down", 0, "downsample"), ("up", 1, "upsample")):
        for level in range(top + 1):
            own = f"{part}_blocks.{level if part == 'down' else top - level}"
            for k in range(preset.layers + extra):
                yield from _each(f"{part}.{level}.block.{k}", f"{own}.resnets.{k}", DDPM_BLOCK)
                if side // 2**level in preset.attention:
                    name = f"{part}.{level}.attn.{k}"
                    yield from _each(name, f"{own}.attentions.{k}", DDPM_ATTENTION)
            yield f"{part}.{level}.{sampler}.conv", f"{own}.{sampler}rs.0.conv"
    yield from _each("mid.block_1", "mid_block.resnets.0", DDPM_BLOCK)
    yield from _each("mid.attn_1", "mid_block.attentions.0", DDPM_ATTENTION)
    yield from _each("mid.block_2", "mid_block.resnets.1", DDPM_BLOCK)


def _adm(preset: NetPreset, side: int) -> Pairs:
    top, number = len(preset.channels) - 1, 0
    yield from (("time_embed.0", "time_embedding.linear_1"), ("input_blocks.0.0", "conv_in"),
                ("time_embed.2", "time_embedding.linear_2"), ("out.0", "conv_norm_out"),
                ("out.2", "conv_out"))
    for level in range(top + 1):
        own = f"down_blocks.{level}"
        for k in range(preset.layers):
            number += 1
            yield from _each(f"input_blocks.{number}.0", f"{own}.resnets.{k}", ADM_BLOCK)
            if side // 2**level in preset.attention:
                name = f"input_blocks.{number}.1"
                yield from _each(name, f"{own}.attentions.{k}", ADM_ATTENTION)
        if level < top:
            number += 1
            yield from _each(f"input_blocks.{number}.0", f"{own}.downsamplers.0", ADM_BLOCK)
    yield from _each("middle_block.0", "mid_block.resnets.0", ADM_BLOCK)
    yield from _each("middle_block.1", "mid_block.attentions.0", ADM_ATTENTION)
    yield from _each("middle_block.2", "mid_block.resnets.1", ADM_BLOCK)
    number = -1
    for level in range(top, -1, -1):
        own, attended = f"up_blocks.{top - level}", side // 2**level in preset.attention
        for k in range(preset.layers + 1):
            number += 1
            yield from _each(f"output_blocks.{number}.0", f"{own}.resnets.{k}", ADM_BLOCK)
            if attended:
                name = f"output_blocks.{number}.1"
                yield from _each(name, f"{own}.attentions.{k}", ADM_ATTENTION)
        if level:
            name = f"output_blocks.{number}.{2 if attended else 1}"
            yield from _each(name, f"{own}.upsamplers.0", ADM_BLOCK)


def _each(name: str, own: str, parts: Mapping[str, str]) -> Pairs:
    return ((f"{name}.{part}", f"{own}.{new}") for part, new in parts.items())


def _linear(value: Tensor) -> Tensor:
    """A 1x1 convolution's weight as a linear layer's; vectors as they are."""
    return value.flatten(1) if value.ndim > 2 else value
