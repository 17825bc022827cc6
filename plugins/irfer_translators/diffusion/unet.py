"""Network presets: `diffusers.UNet2DModel` set up as the U-Nets of the papers, and small ones.

`ddpm` is the U-Net of DDPM at 256 px, which SDEdit's and EGSDE's code use; `t2v`, `bench_base`,
`bench_small` and `adm_256` are ADM U-Nets (Dhariwal and Nichol, Diffusion Models Beat GANs on Image
Synthesis, NeurIPS 2021): T2V-DDPM's, that of ILVR and of EGSDE's ADM models, a smaller one, and the
authors' own at 256 px. With these settings diffusers reproduces both official networks to 4e-6.
`mini` works on a pixel-unshuffled grid and adds the full-resolution input back through gains that
it predicts per grid cell, which is what a laptop CPU can train in a minute; `mini_fine` has a grid
of half the side, half the channels, and one gain per pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn import functional as nnf

from irfer_bench.api import UsageError
from irfer_translators.diffusion.sr3_unet import Sr3UNet

Family: TypeAlias = Literal["ddpm", "adm", "plain"]


@dataclass(frozen=True)
class NetPreset:
    """Widths per level, residual blocks, sides with attention.

    Args:
        family: `ddpm` (Ho et al., NeurIPS 2020), `adm` (Dhariwal and Nichol, NeurIPS 2021) or
            `plain`, a small one without attention.
        head_width: channels per attention head; `ddpm` has one head.
        unshuffle: grid step. gains: add the input back through predicted gains.
    """

    channels: tuple[int, ...]
    layers: int
    attention: tuple[int, ...] = ()
    family: Family = "adm"
    head_width: int = 64
    unshuffle: int = 1
    gains: bool = False


NETS = {
    "ddpm": NetPreset((128, 128, 256, 256, 512, 512), 2, (16,), family="ddpm"),
    "t2v": NetPreset((192, 192, 384, 384, 768, 768), 2, (32, 16, 8)),
    "bench_base": NetPreset((128, 128, 256, 256, 512, 512), 1, (16,)),
    "bench_small": NetPreset((64, 128, 128, 256, 256), 1, (16,)),
    "adm_256": NetPreset((256, 256, 512, 512, 1024, 1024), 2, (32, 16, 8)),
    "mini": NetPreset((64, 96, 128), 1, family="plain", unshuffle=4, gains=True),
    "mini_fine": NetPreset((32, 48, 64), 1, family="plain", unshuffle=2, gains=True),
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

    @property
    def gain_channels(self) -> int:
        """How many of the inner network's output channels are gains; the others follow them."""
        inner: Any = self.net
        channels: int = 4 * self.gains * inner.config.in_channels // self.unshuffle**2
        return channels

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


def build_unet(name: str, size: int, in_channels: int, out_channels: int) -> TimedUNet | Sr3UNet:
    """A network preset, or SR3's own U-Net, for (B, in_channels, size, size) images.

    Raises:
        UsageError: the size does not fit the preset's depth.
    """
    if name == "sr3":
        return Sr3UNet(size, inputs=in_channels, outputs=out_channels)
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
        zero_init(net)
    return TimedUNet(net, preset.unshuffle, gains=out_channels if preset.gains else 0)


def zero_init(net: UNet2DModel) -> None:
    """Start from an output of zero, as DDPM does: a short training has no random image to undo."""
    nn.init.zeros_(net.conv_out.weight)
    nn.init.zeros_(net.conv_out.bias)


def unet(preset: NetPreset, side: int, in_channels: int, out_channels: int) -> UNet2DModel:
    """The bare diffusers network for a grid of this side."""
    at = [side // 2**level in preset.attention for level in range(len(preset.channels))]
    families: dict[Family, dict[str, Any]] = {
        "adm": {
            "downsample_type": "resnet", "upsample_type": "resnet",
            "resnet_time_scale_shift": "scale_shift", "attention_head_dim": preset.head_width,
            "attn_norm_num_groups": 32, "norm_num_groups": 32, "norm_eps": 1e-5,
            "flip_sin_to_cos": True, "freq_shift": 0,
        },
        "ddpm": {
            "downsample_padding": 0, "attention_head_dim": None, "norm_num_groups": 32,
            "norm_eps": 1e-6, "flip_sin_to_cos": False, "freq_shift": 1,
        },
        "plain": {
            "norm_num_groups": 16, "add_attention": False, "norm_eps": 1e-5,
            "flip_sin_to_cos": True, "freq_shift": 0,
        },
    }
    adm = preset.family == "adm"
    down = "ResnetDownsampleBlock2D" if adm else "DownBlock2D"
    up = "ResnetUpsampleBlock2D" if adm else "UpBlock2D"
    return UNet2DModel(
        sample_size=side, in_channels=in_channels, out_channels=out_channels,
        layers_per_block=preset.layers, block_out_channels=preset.channels,
        down_block_types=tuple("AttnDownBlock2D" if a else down for a in at),
        up_block_types=tuple("AttnUpBlock2D" if a else up for a in reversed(at)),
        **families[preset.family],
    )


def freeze(net: nn.Module) -> nn.Module:
    """In evaluation mode and without gradients of its own parameters."""
    return net.eval().requires_grad_(False)
