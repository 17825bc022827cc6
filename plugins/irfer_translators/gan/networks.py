"""Networks of CycleGAN and pix2pix: ResNet and U-Net generators, the PatchGAN discriminator.

CycleGAN: Zhu et al., ICCV 2017, appendix 7.2. pix2pix: Isola et al., CVPR 2017, appendix 6.1.
Modules are numbered as in the published code (BSD-2), so that its checkpoints fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

Norm = Literal["instance", "batch"]


class ResnetGenerator(nn.Module):
    """c7s1-64, d128, d256, residual blocks, u128, u64, c7s1-3, tanh; a side is a multiple of 4."""

    def __init__(self, ngf: int = 64, blocks: int = 9, norm: Norm = "instance") -> None:
        super().__init__()
        bias = norm == "instance"
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7, bias=bias), normalization(norm, ngf),
            nn.ReLU(),
        ]
        for width in (ngf, 2 * ngf):
            layers += [
                nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=bias),
                normalization(norm, 2 * width), nn.ReLU(),
            ]
        layers += [ResnetBlock(4 * ngf, norm) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            layers += [
                nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1, bias=bias),
                normalization(norm, width // 2), nn.ReLU(),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) in [-1, 1] -> the same."""
        y: Tensor = self.model(x)
        return y


class ResnetBlock(nn.Module):
    """x + conv-norm-ReLU-conv-norm, padded by reflection."""

    def __init__(self, width: int, norm: Norm) -> None:
        super().__init__()
        bias = norm == "instance"
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias),
            normalization(norm, width), nn.ReLU(),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias),
            normalization(norm, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv_block(x)
        return x + y


class UnetGenerator(nn.Module):
    """An encoder of `downs` halvings and a decoder with skips between equal sizes.

    Widths are ngf (1, 2, 4, 8, 8, ...). Decoder blocks between two widths of 8 ngf have dropout.
    """

    def __init__(
        self, ngf: int = 64, downs: int = 8, norm: Norm = "batch", dropout: float = 0.5
    ) -> None:
        super().__init__()
        widths = [ngf * min(2**k, 8) for k in range(downs)]
        block = UnetBlock(widths[-2], widths[-1], None, norm)
        for outer, inner in reversed(list(pairwise(widths[:-1]))):
            own = dropout if outer == inner else 0.0
            block = UnetBlock(outer, inner, block, norm, own)
        self.model = UnetBlock(3, ngf, block, norm, outermost=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) in [-1, 1] -> the same."""
        y: Tensor = self.model(x)
        return y


class UnetBlock(nn.Module):
    """Halve, apply the block inside, double; the result stands beside the input."""

    def __init__(
        self, outer: int, inner: int, inside: UnetBlock | None, norm: Norm, dropout: float = 0.0,
        *, outermost: bool = False,
    ) -> None:
        super().__init__()
        self.outermost = outermost
        bias = norm == "instance"
        down = nn.Conv2d(3 if outermost else outer, inner, 4, 2, 1, bias=bias)
        above = inner if inside is None else 2 * inner
        up = nn.ConvTranspose2d(above, outer, 4, 2, 1, bias=bias or outermost)
        layers: list[nn.Module]
        if outermost and inside is not None:
            layers = [down, inside, nn.ReLU(), up, nn.Tanh()]
        elif inside is None:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, normalization(norm, outer)]
        else:
            layers = [
                nn.LeakyReLU(0.2), down, normalization(norm, inner), inside, nn.ReLU(), up,
                normalization(norm, outer),
            ]
            if dropout:
                layers.append(ImageDropout(dropout))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y if self.outermost else torch.cat([x, y], 1)


class PatchDiscriminator(nn.Module):
    """C64-C128-C256-C512 and one logit per 70x70 patch (three strided layers)."""

    def __init__(
        self, channels: int = 3, ndf: int = 64, norm: Norm = "instance", layers: int = 3
    ) -> None:
        super().__init__()
        bias = norm == "instance"
        made: list[nn.Module] = [nn.Conv2d(channels, ndf, 4, 2, 1), nn.LeakyReLU(0.2)]
        widths = [ndf * min(2**k, 8) for k in range(layers + 1)]
        for k, (before, after) in enumerate(pairwise(widths)):
            stride = 2 if k < layers - 1 else 1
            made += [
                nn.Conv2d(before, after, 4, stride, 1, bias=bias), normalization(norm, after),
                nn.LeakyReLU(0.2),
            ]
        made.append(nn.Conv2d(widths[-1], 1, 4, 1, 1))
        self.model = nn.Sequential(*made)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, S, S) -> (B, 1, s, s) logits."""
        y: Tensor = self.model(x)
        return y


class ImageDropout(nn.Dropout):
    """Dropout that in translations draws each image's mask from a generator of its own."""

    generators: Sequence[torch.Generator] | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.generators is None:
            return super().forward(x)
        drawn = torch.stack([torch.rand(x.shape[1:], generator=g) for g in self.generators])
        return x * (drawn >= self.p).to(x) / (1 - self.p)


class ImageBatchNorm(nn.BatchNorm2d):
    """Batch normalisation that in translations may use the statistics of each image alone.

    That is a batch of one image at test time, as the paper has it, whatever the batch is.
    """

    per_image = False

    def forward(self, x: Tensor) -> Tensor:
        if self.training or not self.per_image:
            return super().forward(x)
        return nnf.instance_norm(x, weight=self.weight, bias=self.bias, eps=self.eps)


def normalization(norm: Norm, channels: int) -> nn.Module:
    """Instance normalisation without parameters, or batch normalisation."""
    return nn.InstanceNorm2d(channels) if norm == "instance" else ImageBatchNorm(channels)


def initialize(net: nn.Module, deviation: float = 0.02) -> nn.Module:
    """Weights N(0, 0.02), scales N(1, 0.02), biases 0."""
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, deviation)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, deviation)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    return net


def apply_together(net: nn.Module, *images: Tensor) -> tuple[Tensor, ...]:
    """net of each batch, in one pass unless a batch normalisation would mix them."""
    if any(isinstance(module, nn.BatchNorm2d) for module in net.modules()):
        return tuple(net(x) for x in images)
    made: Tensor = net(torch.cat(images))
    return torch.split(made, [len(x) for x in images])


@contextmanager
def image_noise(net: nn.Module, generators: Sequence[torch.Generator]) -> Iterator[None]:
    """Inside, the dropout of `net` is on and image k draws its masks from `generators[k]`."""
    layers = [module for module in net.modules() if isinstance(module, ImageDropout)]
    for layer in layers:
        layer.generators = generators
    try:
        yield
    finally:
        for layer in layers:
            layer.generators = None
