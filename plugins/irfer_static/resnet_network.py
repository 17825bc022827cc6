"""The ResNets themselves: torchvision's, or one of another width or stem with its key names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from irfer_static.image_network import ImageNetwork
from irfer_static.resnet_params import ResNetParams

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
LAYERS = {"resnet18": (BasicBlock, [2, 2, 2, 2]), "resnet50": (Bottleneck, [3, 4, 6, 3])}


class ResNetNetwork(ImageNetwork):
    """torchvision's ResNet-18 or -50, or a narrower one with the same key names.

    Takes (N, 3, size, size) in [-1, 1]; `features` gives (N, 8 width e), where e is the expansion
    of the last block (1 or 4), `forward` logits.
    """

    def __init__(self, params: ResNetParams, classes: int) -> None:
        super().__init__(MEAN, DEVIATION)
        block, counts = LAYERS[params.network]
        self.net = ResNet(block, counts, num_classes=classes)
        if (params.width, params.stem) != (64, "7x7"):
            _rebuild(self.net, params, classes)
        if params.identity_start:
            for module in self.net.modules():
                if isinstance(module, Bottleneck):
                    nn.init.zeros_(module.bn3.weight)

    @property
    def head(self) -> nn.Linear:
        """The classifier."""
        fc: nn.Linear = self.net.fc
        return fc

    @property
    def blocks(self) -> nn.Module:
        """The four stages."""
        return nn.ModuleList([self.net.layer1, self.net.layer2, self.net.layer3, self.net.layer4])

    def features(self, normal: Tensor) -> Tensor:
        """(N, 8 width e) pooled features of normalised images."""
        net = self.net
        x = net.maxpool(net.relu(net.bn1(net.conv1(normal))))
        x = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        return torch.flatten(net.avgpool(x), 1)


def _rebuild(net: ResNet, params: ResNetParams, classes: int) -> None:
    """Another width, or a stem for small images; initialised as torchvision does."""
    (block, counts), width = LAYERS[params.network], params.width
    net.inplanes = width
    if params.stem == "3x3":
        net.conv1 = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
        net.maxpool = nn.Identity()
    else:
        net.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    net.bn1 = nn.BatchNorm2d(width)
    for number, count in enumerate(counts):
        planes, stride = width * 2**number, 1 if number == 0 else 2
        setattr(net, f"layer{number + 1}", net._make_layer(block, planes, count, stride))
    net.fc = nn.Linear(8 * width * block.expansion, classes)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
