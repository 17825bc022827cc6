"""R3D-18, MC3-18 and R(2+1)D-18: residual networks over space and time.

Du Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition", CVPR 2018;
torchvision's networks, in which MC3 convolves over time in its stem and first stage alone, and
R(2+1)D splits each convolution into one over space and one over time. The recipe is that of
`video_recognizer`. Deviations:
- clips are normalised by the mean and deviation that torchvision uses for Kinetics;
- `weights=kinetics` starts from torchvision's weights; the rows of the literature start from random
  ones, and so does this by default;
- `width` scales every channel; `quick` has 8 instead of 64, 40 px, 8 frames, 32 epochs of batches
  of 16 and AdamW (MC3: 32 px, 24 epochs, hidden weights by Muon).
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torchvision.models.video import resnet
from torchvision.models.video.resnet import VideoResNet

from irfer_bench.nn.checkpoints import load_trunk
from irfer_dynamic.video_recognizer import VideoNetwork, VideoRecognizer
from irfer_dynamic.video_resnet_params import R3DParams

MEAN, DEVIATION = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)  # of Kinetics
SPACE_TIME, SPACE, SPLIT = resnet.Conv3DSimple, resnet.Conv3DNoTemporal, resnet.Conv2Plus1D
STAGES = {
    "r3d_18": (SPACE_TIME,) * 4,
    "mc3_18": (SPACE_TIME, *(SPACE,) * 3),
    "r2plus1d_18": (SPLIT,) * 4,
}
BUILT = 64
"""The width that torchvision's stem and stages are written for."""


class VideoResNetNetwork(VideoNetwork):
    """torchvision's network, or a narrower one with the same key names (below `net`)."""

    def __init__(self, params: R3DParams, classes: int) -> None:
        super().__init__()
        split = params.network == "r2plus1d_18"
        stem = resnet.R2Plus1dStem if split else resnet.BasicStem
        stages = STAGES[params.network]
        self.net = VideoResNet(resnet.BasicBlock, stages, [2, 2, 2, 2], stem, num_classes=classes)
        if params.width != BUILT:
            _rebuild(self.net, params.width, stages, split=split, classes=classes)
        self.net.to(memory_format=torch.channels_last_3d)  # 1.2 to 1.6 times as fast on a processor
        self.head = self.net.fc
        self.net.fc = nn.Identity()
        shape = (1, 3, 1, 1, 1)
        self.register_buffer("mean", torch.tensor(MEAN).view(shape), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(shape), persistent=False)

    def features(self, clips: Tensor) -> Tensor:
        """(B, 8 width) features, averaged over space and time."""
        x = clips.transpose(1, 2)
        pooled: Tensor = self.net((x - self.get_buffer("mean")) / self.get_buffer("deviation"))
        return pooled


class VideoResNetRecognizer(VideoRecognizer[R3DParams]):
    """A residual network of the kind that its parameters name."""

    outer = ("head.", "net.stem.0.")

    def network(self, classes: int) -> VideoResNetNetwork:
        """The network with random weights from torch's generator."""
        return VideoResNetNetwork(self.params, classes)

    def pretrained(self, weights: Path) -> Path | None:
        """The file of Kinetics weights, where they are asked for."""
        return self.params.checkpoint(weights)

    def load(self, model: VideoNetwork, path: Path) -> None:
        """Put a torchvision checkpoint into the network, all but the classifier."""
        load_trunk(cast(VideoResNetNetwork, model).net, path, self.params.network)


def _rebuild(
    net: VideoResNet, width: int, stages: tuple[type[nn.Module], ...], *, split: bool, classes: int
) -> None:
    """Another width, initialised as torchvision does."""
    net.stem = _stem(width, split=split)
    net.inplanes = width
    for number, kind in enumerate(stages):
        stride = 1 if number == 0 else 2
        layer = net._make_layer(resnet.BasicBlock, kind, width * 2**number, 2, stride)
        setattr(net, f"layer{number + 1}", layer)
    net.fc = nn.Linear(8 * width, classes)
    for module in net.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    nn.init.normal_(net.fc.weight, 0, 0.01)
    nn.init.zeros_(net.fc.bias)


def _stem(width: int, *, split: bool) -> nn.Sequential:
    """The first convolution of `width` channels, in one piece or in space and then in time."""
    if not split:
        return nn.Sequential(
            nn.Conv3d(3, width, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False),
            nn.BatchNorm3d(width), nn.ReLU(inplace=True),
        )
    middle = max(1, 45 * width // BUILT)
    return nn.Sequential(
        nn.Conv3d(3, middle, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
        nn.BatchNorm3d(middle), nn.ReLU(inplace=True),
        nn.Conv3d(middle, width, (3, 1, 1), padding=(1, 0, 0), bias=False),
        nn.BatchNorm3d(width), nn.ReLU(inplace=True),
    )
