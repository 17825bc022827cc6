"""Shapes and sizes of the networks over frames, against what their papers and torchvision say."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from irfer_bench.contracts.params import resolve
from irfer_bench.registry import load
from irfer_dynamic.c3d import C3DLstmNetwork, C3DNetwork
from irfer_dynamic.c3d_params import C3DLstmParams, C3DParams
from irfer_dynamic.former_dfer import FormerDferNetwork
from irfer_dynamic.former_dfer_params import FormerDferParams
from irfer_dynamic.video_resnet import VideoResNetNetwork
from irfer_dynamic.video_resnet_params import MC3Params, R2Plus1DParams, R3DParams


def _count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def _quick(cls: type, **given: object) -> object:
    return resolve(cls, component=cls.network, preset="quick", given=given)


@pytest.mark.parametrize(("params", "millions"), [
    (R3DParams(), 33.2), (MC3Params(), 11.5), (R2Plus1DParams(), 31.3)])
def test_residual_networks_have_torchvision_s_size(params: R3DParams, millions: float) -> None:
    with torch.device("meta"):
        model = VideoResNetNetwork(params, 7)
    assert round(_count(model) / 1e6, 1) == millions


def assert_narrower(wide: nn.Module, narrow: nn.Module, ratio: float) -> None:
    """The same names, kernels and strides, and so many times fewer channels."""
    assert wide.state_dict().keys() == narrow.state_dict().keys()
    convolutions = 0
    for (name, a), (_, b) in zip(wide.named_modules(), narrow.named_modules(), strict=True):
        if isinstance(a, nn.Conv2d | nn.Conv3d):
            assert isinstance(b, type(a))
            for fact in ("kernel_size", "stride", "padding"):
                assert getattr(a, fact) == getattr(b, fact), name
            assert a.out_channels / b.out_channels == pytest.approx(ratio, rel=0.05), name
            convolutions += 1
    assert convolutions > 10


@pytest.mark.parametrize("cls", [R3DParams, MC3Params, R2Plus1DParams])
def test_a_rebuilt_network_of_full_width_is_torchvision_s(cls: type) -> None:
    """A narrow network has the names and strides of the wide one, and scales with the width."""
    with torch.device("meta"):
        assert_narrower(
            VideoResNetNetwork(cls(), 7), VideoResNetNetwork(cls(width=32), 7), ratio=2)


def test_a_narrow_former_dfer_has_the_names_and_kernels_of_the_wide_one() -> None:
    with torch.device("meta"):
        wide, narrow = (
            FormerDferNetwork(_quick(FormerDferParams, width=width), 3)  # type: ignore[arg-type]
            for width in (64, 16))
    assert_narrower(wide, narrow, ratio=4)


def test_c3d_ends_in_8192_numbers() -> None:
    with torch.device("meta"):
        model = C3DNetwork(C3DParams(), 7)
        shape = model.trunk(torch.zeros(1, 3, 16, 112, 112)).shape
        first = next(layer for layer in model.units if isinstance(layer, nn.Linear))
    assert shape == (1, 512, 1, 4, 4)
    assert (first.in_features, first.out_features, model.head.in_features) == (8192, 4096, 4096)
    # 27.66 million in convolutions, 33.56 and 16.78 in the hidden layers
    assert round(_count(model) / 1e6, 1) == 78.0


def test_former_dfer_has_the_papers_shapes() -> None:
    with torch.device("meta"):
        model = FormerDferNetwork(FormerDferParams(), 7)
    assert model.positions.shape == (1, 49, 256)
    assert model.temporal.positions.shape == (1, 17, 512)
    assert len(model.temporal.layers) == 3
    # ResNet-18 without classifier, one layer of 256, positions, three layers of 512, classifier
    trunk, spatial, temporal = 11_176_512, 526_336 + 49 * 256, 3 * 2_101_248 + 18 * 512
    assert _count(model) == trunk + spatial + temporal + 7 * 513


@pytest.mark.parametrize(("network", "cls"), [
    (FormerDferNetwork, FormerDferParams), (C3DNetwork, C3DParams),
    (C3DLstmNetwork, C3DLstmParams), (VideoResNetNetwork, R3DParams),
    (VideoResNetNetwork, MC3Params), (VideoResNetNetwork, R2Plus1DParams),
])  # fmt: skip
def test_every_network_sees_every_frame_and_their_order(network: type, cls: type) -> None:
    p = _quick(cls, width=8)
    torch.manual_seed(0)
    model = network(p, 5).eval()
    x = torch.rand(2, p.frames, 3, p.size, p.size)  # type: ignore[attr-defined]
    x.requires_grad_(True)
    logits = model(x)
    assert logits.shape == (2, 5)
    assert model.features(x).shape == (2, model.head.in_features)
    logits.square().sum().backward()
    assert (x.grad.abs().sum((0, 2, 3, 4)) > 0).all()  # type: ignore[union-attr]
    assert not torch.allclose(model(x.flip(1)), logits, atol=1e-6)


def test_each_is_announced_as_a_video_method() -> None:
    names = {"former_dfer", "c3d", "c3d_lstm", "r3d_18", "mc3_18", "r2plus1d_18"}
    found = {c.name: c.traits.get("modality") for owned in load().registered
             if (c := owned.component).name in names}
    assert found == dict.fromkeys(names, "video")
