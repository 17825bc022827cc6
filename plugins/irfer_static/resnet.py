"""ResNet-18 and ResNet-50, fine-tuned.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; torchvision's networks and
weights (of ResNet-50 the second version). The recipe is that of `fine_tuning`. Deviations from it:
- `quick` starts from random weights at 48 px with a quarter of the width and a 3x3 stem of stride 2
  without pooling; head and trunk learn alike, since neither is pretrained, and nothing is erased,
  since so few epochs fit too little rather than too much;
- `quick` of ResNet-50 has 40 px, an eighth of the width, batches of 32 and 12 epochs; its blocks
  start as the identity and learn by Muon, without which so deep and narrow a network learns next to
  nothing from a few hundred images in that time.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from irfer_bench.nn.checkpoints import load_trunk
from irfer_static.fine_tuning import FineTunedRecognizer
from irfer_static.image_network import ImageNetwork
from irfer_static.resnet_network import ResNetNetwork
from irfer_static.resnet_params import ResNetParams


class ResNetRecognizer(FineTunedRecognizer[ResNetParams]):
    """A ResNet of the depth that its parameters name."""

    def network(self, classes: int) -> ImageNetwork:
        """The network with random weights from torch's generator."""
        return ResNetNetwork(self.params, classes)

    def load(self, model: ImageNetwork, path: Path) -> None:
        """Put a torchvision checkpoint into the network, all but the classifier."""
        load_trunk(cast(ResNetNetwork, model).net, path, self.params.network)
