"""Networks of HiFaceGAN: content-adaptive encoder, SPADE decoder, discriminators of two scales.

Lingbo Yang et al., "HiFaceGAN: Face Renovation via Collaborative Suppression and Replenishment",
ACM MM 2020. Local importance pooling: Gao et al., ICCV 2019. SPADE: Park et al., CVPR 2019.
Discriminators: Wang et al., "pix2pixHD", CVPR 2018. Written from descriptions, without looking at
the published code, whose licence notices contradict each other; checked against its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf
from torch.nn.utils.parametrizations import spectral_norm

STAGES = 5
"""Halvings of the encoder, and therefore doublings of the decoder."""
WIDEST = 16
SHARPNESS = 12.0


class LocalImportancePooling(nn.Module):
    """Halve the sides by a weighted mean over 3x3; weights exp(12 sigmoid(IN(conv(x))))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.logit = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.InstanceNorm2d(width, affine=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        weight = (SHARPNESS * torch.sigmoid(self.logit(x))).exp()
        return _halve(x * weight) / _halve(weight)


class Encoder(nn.Module):
    """Features of six sizes, each half of the one before; widths ngf (1, 2, 4, 8, 16, 16)."""

    def __init__(self, ngf: int) -> None:
        super().__init__()
        widths = [ngf * min(2**k, WIDEST) for k in range(STAGES + 1)]
        self.head = nn.Sequential(
            nn.Conv2d(3, ngf, 3, padding=1, bias=False), nn.InstanceNorm2d(ngf), nn.ReLU()
        )
        self.stages = nn.ModuleList()
        for k in range(STAGES):
            layers = [
                LocalImportancePooling(widths[k]),
                nn.Conv2d(widths[k], widths[k + 1], 3, padding=1),
                nn.InstanceNorm2d(widths[k + 1]),
            ]
            self.stages.append(nn.Sequential(*layers, *([nn.ReLU()] if k < STAGES - 1 else [])))

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, S, S) -> features, the smallest first."""
        features = [self.head(x)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features[::-1]


class Spade(nn.Module):
    """norm(x) gamma(cond) + beta(cond), without the 1 + gamma of SPADE's paper."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        hidden = min(width, 128)
        self.param_free_norm = nn.BatchNorm2d(width, affine=False)
        self.mlp_shared = nn.Sequential(nn.Conv2d(condition, hidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, width, 3, padding=1, bias=False)
        self.mlp_beta = nn.Conv2d(hidden, width, 3, padding=1, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        shared = self.mlp_shared(condition)
        y: Tensor = self.param_free_norm(x) * self.mlp_gamma(shared) + self.mlp_beta(shared)
        return y


class SpadeBlock(nn.Module):
    """A residual block whose normalisations are SPADE's, with a learnt shortcut between widths."""

    def __init__(self, before: int, after: int, condition: int) -> None:
        super().__init__()
        middle = min(before, after)
        self.conv_0 = spectral_norm(nn.Conv2d(before, middle, 3, padding=1))
        self.conv_1 = spectral_norm(nn.Conv2d(middle, after, 3, padding=1))
        self.norm_0, self.norm_1 = Spade(before, condition), Spade(middle, condition)
        self.learnt = before != after
        if self.learnt:
            self.conv_s = spectral_norm(nn.Conv2d(before, after, 1, bias=False))
            self.norm_s = Spade(before, condition)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        kept = self.conv_s(self.norm_s(x, condition)) if self.learnt else x
        y = self.conv_0(nnf.leaky_relu(self.norm_0(x, condition), 0.2))
        y = self.conv_1(nnf.leaky_relu(self.norm_1(y, condition), 0.2))
        return cast("Tensor", kept + y)


class HiFaceGenerator(nn.Module):
    """The encoder suppresses, the decoder replenishes from its features, small to large."""

    def __init__(self, ngf: int = 64) -> None:
        super().__init__()
        widths = [ngf * min(2**k, WIDEST) for k in reversed(range(STAGES + 1))]
        top = widths[0]
        self.encoder = Encoder(ngf)
        self.fc = nn.Conv2d(3, top, 3, padding=1)
        self.head_0 = SpadeBlock(top, top, top)
        self.G_middle_0 = SpadeBlock(top, top, top)
        self.G_middle_1 = SpadeBlock(top, top, top)
        self.ups = nn.ModuleList(
            SpadeBlock(a, b, b) for a, b in pairwise(widths[1:])
        )
        self.to_rgb = nn.Conv2d(ngf, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, S, S) in [-1, 1], S a multiple of 32 -> the same."""
        features = self.encoder(x)
        y = self.fc(nnf.interpolate(x, scale_factor=0.5**STAGES))
        y = _double(self.head_0(y, features[0]))
        y = self.G_middle_1(self.G_middle_0(y, features[1]), features[1])
        for up, feature in zip(self.ups, features[2:], strict=True):
            y = up(_double(y), feature)
        return torch.tanh(self.to_rgb(nnf.leaky_relu(y, 0.2)))

    def rename_published(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tensors of the published code under our names; other names stay as they are.

        Its image layers of smaller sizes, which served its stepwise training, are left out.
        """
        last = f"to_rgbs.{len(self.ups) - 1}."
        named = {k.replace(last, "to_rgb."): v for k, v in tensors.items()
                 if k.startswith(last) or not k.startswith("to_rgbs.")}
        return {
            spectral_name(k.replace("encoder.encoder_", "encoder.stages.")): v
            for k, v in named.items()
        }


class MultiscaleDiscriminator(nn.Module):
    """Two PatchGANs with spectral and instance normalisation, the second at half the size."""

    def __init__(self, ndf: int = 64, channels: int = 6, scales: int = 2) -> None:
        super().__init__()
        self.scales = nn.ModuleList(_patch_layers(channels, ndf) for _ in range(scales))

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        """(B, 6, S, S) source and image -> per scale the outputs of all layers, the logits last."""
        made = []
        for layers in self.scales:
            outputs = [x]
            for layer in cast("nn.ModuleList", layers):
                outputs.append(layer(outputs[-1]))
            made.append(outputs[1:])
            x = nnf.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return made


def _patch_layers(channels: int, ndf: int, count: int = 4) -> nn.ModuleList:
    layers = [nn.Sequential(nn.Conv2d(channels, ndf, 4, 2, 2), nn.LeakyReLU(0.2))]
    width = ndf
    for k in range(1, count):
        wider = min(2 * width, 8 * ndf)
        conv = spectral_norm(
            nn.Conv2d(width, wider, 4, 1 if k == count - 1 else 2, 2, bias=False)
        )
        layers.append(nn.Sequential(conv, nn.InstanceNorm2d(wider), nn.LeakyReLU(0.2)))
        width = wider
    layers.append(nn.Sequential(nn.Conv2d(width, 1, 4, 1, 2)))
    return nn.ModuleList(layers)


def initialize(net: nn.Module, gain: float) -> nn.Module:
    """Xavier's normal initialisation of all convolutions, biases 0."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            parametrized = getattr(module, "parametrizations", None)
            weight = module.weight if parametrized is None else parametrized.weight.original
            nn.init.xavier_normal_(weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return net


def spectral_name(key: str) -> str:
    """PyTorch's present names of a spectrally normalised weight, from those of `weight_orig`."""
    for old, new in (("weight_orig", "original"), ("weight_u", "0._u"), ("weight_v", "0._v")):
        if key.endswith(old):
            return f"{key.removesuffix(old)}parametrizations.weight.{new}"
    return key


def _halve(x: Tensor) -> Tensor:
    return nnf.avg_pool2d(x, 3, 2, 1)


def _double(x: Tensor) -> Tensor:
    return nnf.interpolate(x, scale_factor=2.0)
