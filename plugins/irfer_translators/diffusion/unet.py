"""Network presets: `diffusers.UNet2DModel` set up as the U-Nets of the papers, and small ones.

`t2v`, `bench_base` and `bench_small` are ADM U-Nets (Dhariwal and Nichol 2021) with the settings
under which diffusers reproduces guided-diffusion to 3e-6 (translators.md §1). `mini` works on a
pixel-unshuffled grid and adds the full-resolution input back through gains that it predicts per
grid cell, which is what a laptop CPU can train in a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import UsageError


@dataclass(frozen=True)
class NetPreset:
    """Widths and residual blocks per level, sides where attention works, grid step, gains."""

    channels: tuple[int, ...]
    layers: int
    attention: tuple[int, ...] = ()
    unshuffle: int = 1
    adm: bool = True
    gains: bool = False


NETS = {
    "t2v": NetPreset((192, 192, 384, 384, 768, 768), 2, (32, 16, 8)),
    "bench_base": NetPreset((128, 128, 256, 256, 512, 512), 1, (16,)),
    "bench_small": NetPreset((64, 128, 128, 256, 256), 1, (16,)),
    "mini": NetPreset((64, 96, 128), 1, unshuffle=4, adm=False, gains=True),
}


class TimedUNet(nn.Module):
    """A `UNet2DModel` on a pixel-unshuffled grid, called as net(x, t).

    Args:
        net: takes channels * unshuffle^2 channels. unshuffle: grid step r.
        shuffle: by how much the output is shuffled back; 0 for `unshuffle`.
        gains: how many output channels get the input added back: y + sum_k g_k input_k with one
            gain per quarter of a grid cell, output and input channel, interpolated between them. A
            coarse grid then loses no detail of its input, as with the skip of Karras et al. (2022,
            equation 7), whose gain depends on the noise level alone.
    """

    def __init__(
        self, net: UNet2DModel, unshuffle: int = 1, shuffle: int = 0, gains: int = 0
    ) -> None:
        super().__init__()
        self.net = net
        self.unshuffle = unshuffle
        self.shuffle = shuffle or unshuffle
        self.gains = gains

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, C, S, S), (B,) levels -> (B, C', S, S), or a side of S * shuffle / unshuffle."""
        y: Tensor = self.net(nnf.pixel_unshuffle(x, self.unshuffle), t, return_dict=False)[0]
        if not self.gains:
            return nnf.pixel_shuffle(y, self.shuffle)
        count = self.gains * x.shape[1]
        gains = nnf.pixel_shuffle(y[:, : 4 * count], 2)
        gains = nnf.interpolate(gains, x.shape[-2:], mode="bilinear", align_corners=False)
        gains = gains.view(len(x), self.gains, x.shape[1], *x.shape[-2:])
        direct = nnf.pixel_shuffle(y[:, 4 * count :], self.shuffle)
        added: Tensor = direct + (gains * x[:, None]).sum(2)
        return added


def build_unet(name: str, size: int, in_channels: int, out_channels: int) -> TimedUNet:
    """A network preset for (B, in_channels, size, size) images.

    Raises:
        UsageError: the size does not fit the preset's depth.
    """
    preset = NETS[name]
    side = size // preset.unshuffle
    depth = 2 ** (len(preset.channels) - 1)
    if size % preset.unshuffle or side % depth:
        raise UsageError(
            f"net {name!r} needs an image size divisible by {preset.unshuffle * depth}, got {size}",
            "choose another size or another net",
        )
    area = preset.unshuffle**2
    extra = 4 * in_channels * out_channels if preset.gains else 0
    net = unet(preset, side, in_channels * area, out_channels * area + extra)
    if preset.gains:
        silence(net)
    return TimedUNet(net, preset.unshuffle, gains=out_channels if preset.gains else 0)


def silence(net: UNet2DModel) -> None:
    """Start from an output of zero, as DDPM does: a short training unlearns no random picture."""
    nn.init.zeros_(net.conv_out.weight)
    nn.init.zeros_(net.conv_out.bias)


def unet(preset: NetPreset, side: int, in_channels: int, out_channels: int) -> UNet2DModel:
    """The bare diffusers network for a grid of this side."""
    at = [side // 2**level in preset.attention for level in range(len(preset.channels))]
    adm: dict[str, Any] = {
        "downsample_type": "resnet", "upsample_type": "resnet",
        "resnet_time_scale_shift": "scale_shift", "attention_head_dim": 64,
        "attn_norm_num_groups": 32, "norm_num_groups": 32,
    }
    plain: dict[str, Any] = {"norm_num_groups": 16, "add_attention": False}
    down = "ResnetDownsampleBlock2D" if preset.adm else "DownBlock2D"
    up = "ResnetUpsampleBlock2D" if preset.adm else "UpBlock2D"
    return UNet2DModel(
        sample_size=side, in_channels=in_channels, out_channels=out_channels,
        layers_per_block=preset.layers, block_out_channels=preset.channels,
        down_block_types=tuple("AttnDownBlock2D" if a else down for a in at),
        up_block_types=tuple("AttnUpBlock2D" if a else up for a in reversed(at)),
        flip_sin_to_cos=True, freq_shift=0, norm_eps=1e-5, **(adm if preset.adm else plain),
    )


def freeze(net: nn.Module) -> nn.Module:
    """In evaluation mode and without gradients of its own parameters."""
    return net.eval().requires_grad_(False)


def levels(process_level: int, like: Tensor) -> Tensor:
    """The network's time input for a batch that is at one level: (B,) float32."""
    return torch.full((like.shape[0],), float(process_level), device=like.device)
