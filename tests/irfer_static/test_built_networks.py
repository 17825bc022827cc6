"""Stems, initial weights and kept tensors of the image networks."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torchvision.models import resnet18

from irfer_bench.contracts.params import resolve
from irfer_static.resnet_network import ResNetNetwork
from irfer_static.resnet_params import ResNetParams


def network(**given: Any) -> ResNetNetwork:
    torch.manual_seed(0)
    params = resolve(ResNetParams, component="resnet18", preset="quick", given=given)
    return ResNetNetwork(params, 3)


@pytest.mark.parametrize(("stem", "kernel", "pools"), [("3x3", 3, False), ("7x7", 7, True)])
def test_a_stem_for_small_images_does_not_pool(stem: str, kernel: int, pools: bool) -> None:
    net = network(width=8, stem=stem).net
    assert net.conv1.kernel_size == (kernel, kernel)
    assert net.conv1(torch.zeros(1, 3, 32, 32)).shape[2:] == (16, 16)
    assert isinstance(net.maxpool, nn.MaxPool2d) == pools


def test_convolutions_start_as_torchvision_s() -> None:
    """Kaiming normal by the fan out: deviation sqrt(2 / (channels k^2))."""
    for module in network(width=32).modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 2000:
            fan = module.out_channels * module.kernel_size[0] ** 2
            expected = (2 / fan) ** 0.5
            assert float(module.weight.detach().std()) == pytest.approx(expected, rel=0.15)


def test_what_every_network_shares_is_not_kept() -> None:
    net = network(width=8)
    assert not {"mean", "deviation"} & net.state_dict().keys()
    white = net.normalise(torch.ones(1, 3, 1, 1)).flatten()
    torch.testing.assert_close(white, torch.tensor([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]))


def test_a_network_of_torchvision_s_width_starts_as_torchvision_s() -> None:
    """Number by number, whatever our own code would draw."""
    ours = network(width=64, stem="7x7").net.state_dict()
    torch.manual_seed(0)
    theirs = resnet18(num_classes=3).state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert torch.equal(ours[name], value), name
