"""Former-DFER: convolutions and attention within each frame, then attention over the frames.

Zengqun Zhao and Qingshan Liu, "Former-DFER: Dynamic Facial Expression Recognition Transformer", ACM
Multimedia 2021, after the public code. With a ResNet-18 cut behind its third stage,

    z_t = stage_3(x_t) + P            (7 x 7 places of width 256 at 112 px), P from N(0, 1)
    h_t = mean(stage_4(S(z_t)))       S: one transformer layer over the places of a frame
    y   = W T([c, h_1, ..., h_16] + P')_0    T: three layers over class token and frames

and the recipe of `video_recognizer`. Deviations:
- `width` scales every channel; 64 is the paper's, `quick` has 16, 48 px, 8 frames and AdamW.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from irfer_bench.nn.temporal_transformer import TemporalTransformer, TransformerLayer
from irfer_dynamic.former_dfer_params import FormerDferParams
from irfer_dynamic.video_recognizer import VideoNetwork, VideoRecognizer


class FormerDferNetwork(VideoNetwork):
    """(B, T, 3, S, S) to 8 `width` features; attention is as wide as its tokens."""

    def __init__(self, params: FormerDferParams, classes: int) -> None:
        super().__init__()
        p, tokens, wide = params, 4 * params.width, 8 * params.width
        net = _resnet(p.width)
        self.stem = nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
        self.stages = nn.Sequential(net.layer1, net.layer2, net.layer3)
        self.last_stage = net.layer4
        side = p.size
        for _ in range(4):
            side = (side + 1) // 2
        self.positions = nn.Parameter(torch.randn(1, side * side, tokens))
        self.spatial = nn.Sequential(*(
            TransformerLayer(tokens, p.heads, tokens // p.heads, 2 * tokens, fused=True)
            for _ in range(p.spatial_depth)
        ))
        self.temporal = TemporalTransformer(
            wide, p.frames, depth=p.temporal_depth, heads=p.heads, head_width=wide // p.heads,
            hidden=2 * wide,
        )
        self.head = nn.Linear(wide, classes)

    def features(self, clips: Tensor) -> Tensor:
        """(B, 8 width): the class token behind the temporal transformer."""
        x = self.stages(self.stem(clips.flatten(0, 1)))
        z = self.spatial(x.flatten(2).transpose(1, 2) + self.positions)
        x = self.last_stage(z.transpose(1, 2).reshape(x.shape))
        token: Tensor = self.temporal(x.mean((2, 3)).unflatten(0, clips.shape[:2]))
        return token


class FormerDfer(VideoRecognizer[FormerDferParams]):
    """A convolutional spatial transformer and a temporal transformer."""

    def network(self, classes: int) -> FormerDferNetwork:
        """The network with random weights from torch's generator."""
        return FormerDferNetwork(self.params, classes)


def _resnet(width: int) -> ResNet:
    """ResNet-18 of another width; torchvision's own initial weights (He et al., fan-out)."""
    net = ResNet(BasicBlock, [2, 2, 2, 2], num_classes=1)
    if width != 64:
        net.inplanes = width
        net.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        net.bn1 = nn.BatchNorm2d(width)
        for number in range(4):
            stride = 1 if number == 0 else 2
            layer = net._make_layer(BasicBlock, width * 2**number, 2, stride)
            setattr(net, f"layer{number + 1}", layer)
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return net
