"""The VGG19 perceptual loss (Johnson et al., ECCV 2016) as pix2pixHD weights its layers."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from irfer_bench.api import DamagedError
from irfer_bench.nn.checkpoints import compare_keys, read_checkpoint, rename_keys
from irfer_bench.nn.weights import find
from irfer_translators.gan.hifacegan_params import VGG19
from irfer_translators.gan.losses import l1

WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512)
"""Convolutions of VGG19 up to conv5_1; 0 is max pooling."""
TAPS = {1: 1 / 32, 6: 1 / 16, 11: 1 / 8, 20: 1 / 4, 29: 1.0}
"""Weights of relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1, by layer number."""


def vgg19_layers() -> nn.Sequential:
    """VGG19 up to relu5_1, with torchvision's layer numbers and random weights."""
    layers: list[nn.Module] = []
    before = 3
    for width in WIDTHS:
        if width == 0:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
        before = width
    return nn.Sequential(*layers)


class PerceptualLoss(nn.Module):
    """Weighted L1 distances of VGG19 features; images enter in [-1, 1], as pix2pixHD has them."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers.eval().requires_grad_(False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Distance of (B, 3, S, S) images x to their references y, which get no gradient."""
        distances, y = [], y.detach()
        for number, layer in enumerate(self.layers):
            x, y = layer(x), layer(y)
            if number in TAPS:
                distances.append(TAPS[number] * l1(x, y))
        return torch.stack(distances).sum()


def load_perceptual_loss(weights: Path) -> PerceptualLoss:
    """The loss with torchvision's ImageNet weights.

    Raises:
        MissingWeightsError: the file is not in the weights folder. DamagedError: it is not VGG19.
    """
    path = find(VGG19, weights)
    layers = vgg19_layers()
    renamed = rename_keys(read_checkpoint(path).tensors, {"features.": "", "classifier.": None})
    own = layers.state_dict()
    given = {key: value for key, value in renamed.items() if key in own}
    report = compare_keys(own, given)
    if not report.fits:
        raise DamagedError(f"{path} is not torchvision's vgg19: {report.describe()}")
    layers.load_state_dict(given)
    return PerceptualLoss(layers)
