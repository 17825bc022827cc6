"""What the networks over frames compute, written out where one line holds it."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18
from torchvision.models.video import MC3_18_Weights, R2Plus1D_18_Weights, R3D_18_Weights

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_dynamic.c3d import C3DLstmNetwork, C3DNetwork
from irfer_dynamic.c3d_params import C3DLstmParams, C3DParams
from irfer_dynamic.former_dfer import FormerDferNetwork, _resnet
from irfer_dynamic.former_dfer_params import FormerDferParams
from irfer_dynamic.video_resnet import VideoResNetNetwork, VideoResNetRecognizer
from irfer_dynamic.video_resnet_params import MC3Params, R2Plus1DParams, R3DParams
from tests.irfer_dynamic.voices import clips, training


def quick(cls: Any, **given: Any) -> Any:
    return resolve(cls, component=cls.network, preset="quick", given=given)


def test_former_dfer_s_tokens_go_back_to_where_they_came_from() -> None:
    """A spatial transformer that changes nothing leaves the residual network as it is."""
    torch.manual_seed(0)
    net = FormerDferNetwork(quick(FormerDferParams), 3).eval()
    net.spatial = nn.Sequential(nn.Identity())
    nn.init.zeros_(net.positions)
    x = torch.randn(1, 2, 3, net_size(net), net_size(net))
    with torch.no_grad():
        maps = net.last_stage(net.stages(net.stem(x[0])))
        expected = net.temporal(maps.mean((2, 3))[None])
        torch.testing.assert_close(net.features(x), expected)


def net_size(net: FormerDferNetwork) -> int:
    """Of the images whose grid the positions are of."""
    return int(16 * net.positions.shape[1] ** 0.5)


def test_a_new_classifier_of_video_prefers_no_class() -> None:
    weight = VideoResNetNetwork(quick(R3DParams, width=16), 3).head.weight.detach()
    assert abs(float(weight.mean())) < 0.005
    assert 0.005 < float(weight.std()) < 0.02


def test_an_embedding_is_what_the_classifier_is_given() -> None:
    small = {"width": 4, "size": 16, "segments": 2, "duration": 2, "epochs": 1}
    made = VideoResNetRecognizer(quick(R3DParams, **small))
    ctx = MemoryContext()
    made.fit(training(clips(6)), ctx)
    assert made.model is not None
    assert ctx.reports["trained_parameters"] == sum(p.numel() for p in made.model.parameters())
    scores, features = made.predict_and_embed(clips(3), ctx)
    np.testing.assert_array_equal(made.embed(clips(3), ctx), features)
    np.testing.assert_array_equal(made.predict(clips(3), ctx), scores)
    assert features.shape == (3, 32)


def convolved(x: Tensor, trunk: nn.Module, time: tuple[int, ...]) -> Tensor:
    """C3D's five blocks as its page has them, on (B, 3, T, S, S) in 0..1."""
    convolutions = [layer for layer in trunk.modules() if isinstance(layer, nn.Conv3d)]
    norms = [layer for layer in trunk.modules() if isinstance(layer, nn.BatchNorm3d)]
    x, number = 2 * x - 1, 0
    for block, (count, shorter) in enumerate(zip((1, 1, 2, 2, 2), time, strict=True)):
        for _ in range(count):
            layer = convolutions[number]
            x = F.conv3d(x, layer.weight, layer.bias, padding=1)
            x = norms[number](x) if norms else x
            x, number = x.clamp(min=0), number + 1
        x = F.max_pool3d(x, (shorter, 2, 2), padding=(0, 1, 1) if block == 4 else 0)
    assert number == len(convolutions) == 8
    return x


def with_biases(net: nn.Module) -> nn.Module:
    """New biases are 0, which would hide a missing one."""
    for name, value in net.named_parameters():
        if name.endswith("bias"):
            nn.init.uniform_(value, -0.5, 0.5)
    return net.eval()


@pytest.mark.parametrize("normalised", [False, True])
def test_c3d_is_eight_convolutions_and_three_linear_layers(normalised: bool) -> None:
    torch.manual_seed(0)
    p = quick(C3DParams, width=2, size=32, batch_norm=normalised)
    net = with_biases(C3DNetwork(p, 3))
    x = torch.rand(2, p.frames, 3, 32, 32)
    units: Any = net.get_submodule("units")
    with torch.no_grad():
        flat = convolved(x.transpose(1, 2), net.get_submodule("trunk"), (1, 2, 2, 2, 2)).flatten(1)
        for layer in (units[0], units[3]):
            flat = F.linear(flat, layer.weight, layer.bias).clamp(min=0)
        head: Any = net.get_submodule("head")
        torch.testing.assert_close(net(x), F.linear(flat, head.weight, head.bias))
    drops = [layer.p for layer in net.modules() if isinstance(layer, nn.Dropout)]
    assert drops == [p.dropout] * 2
    assert flat.shape == (2, 128)


def test_c3d_lstm_reads_one_vector_per_two_frames_and_classifies_its_last_output() -> None:
    torch.manual_seed(0)
    p = quick(C3DLstmParams, width=2, size=32, hidden=5)
    net = with_biases(C3DLstmNetwork(p, 3))
    x = torch.rand(2, p.frames, 3, 32, 32)
    with torch.no_grad():
        trunk, lstm = net.get_submodule("trunk"), net.get_submodule("lstm")
        steps = convolved(x.transpose(1, 2), trunk, (1, 2, 1, 1, 1)).mean((3, 4))
        assert steps.shape == (2, 16, p.frames // 2)
        _, (last, _) = lstm(steps.transpose(1, 2))
        torch.testing.assert_close(net.features(x), last[0])  # type: ignore[operator]
    assert net.get_submodule("drop").p == p.dropout


def test_convolutions_of_c3d_start_as_he_et_al_s() -> None:
    """Deviation sqrt(2 / fan in), biases 0."""
    torch.manual_seed(0)
    for net in (C3DNetwork(quick(C3DParams, width=8), 3),
                C3DLstmNetwork(quick(C3DLstmParams, width=8), 3)):
        layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv3d)]
        for layer in layers:
            assert layer.bias is not None
            assert not layer.bias.any()
            expected = sqrt(2 / (layer.in_channels * 27))
            assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.15)



def test_a_former_dfer_of_the_paper_s_width_starts_as_torchvision_s_resnet() -> None:
    torch.manual_seed(0)
    ours = _resnet(64).state_dict()
    torch.manual_seed(0)
    theirs = resnet18(num_classes=1).state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())


def test_convolutions_of_a_narrow_former_dfer_start_as_torchvision_s() -> None:
    """Deviation sqrt(2 / fan out)."""
    torch.manual_seed(0)
    for layer in FormerDferNetwork(quick(FormerDferParams, width=16), 3).modules():
        if isinstance(layer, nn.Conv2d):
            expected = sqrt(2 / (layer.out_channels * layer.kernel_size[0] ** 2))
            assert float(layer.weight.detach().std()) == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize(("cls", "weights"), [
    (R3DParams, R3D_18_Weights), (MC3Params, MC3_18_Weights),
    (R2Plus1DParams, R2Plus1D_18_Weights)])
def test_clips_are_normalised_as_torchvision_s_weights_expect(cls: Any, weights: Any) -> None:
    given, net = [], VideoResNetNetwork(quick(cls, width=4), 3).eval()
    net.net.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    x = torch.rand(2, 4, 3, 8, 8)
    net(x)
    theirs = weights.DEFAULT.transforms(resize_size=(8, 8), crop_size=(8, 8))
    expected = torch.stack([theirs((clip * 255).to(torch.uint8)) for clip in x])
    torch.testing.assert_close(given[0], expected, atol=0.02, rtol=0)  # theirs takes whole levels
