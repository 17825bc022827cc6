"""What the networks over frames compute, written out where one line holds it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import MemoryContext
from irfer_dynamic.former_dfer import FormerDferNetwork
from irfer_dynamic.former_dfer_params import FormerDferParams
from irfer_dynamic.video_resnet import VideoResNetNetwork, VideoResNetRecognizer
from irfer_dynamic.video_resnet_params import R3DParams
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
    scores, features = made.predict_and_embed(clips(3), ctx)
    np.testing.assert_array_equal(made.embed(clips(3), ctx), features)
    np.testing.assert_array_equal(made.predict(clips(3), ctx), scores)
    assert features.shape == (3, 32)
