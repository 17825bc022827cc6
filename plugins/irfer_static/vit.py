"""ViT-B/16 and ViT-L/14, fine-tuned.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021; timm's network. The recipe is that
of `fine_tuning`. Deviations from it:
- the weights of ViT-B/16 are torchvision's, trained on ImageNet alone; nobody published a ViT-L/14
  of that kind, so those of ViT-L/14 are timm's, CLIP's image tower fine-tuned on ImageNet, with
  its norm before the first block and its mean and deviation;
- `quick` starts from random weights at 48 px with 3 layers of width 64 and patches of 8 px, batches
  of 32, Muon for the blocks, no crop, no erasing and no label smoothing. It fits its few hundred
  images and stays weak on other people: a ViT without pretraining needs more images.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from irfer_static.fine_tuning import FineTunedRecognizer
from irfer_static.image_network import ImageNetwork
from irfer_static.vit_checkpoints import load_vit
from irfer_static.vit_network import ViTNetwork
from irfer_static.vit_params import ViTParams


class ViTRecognizer(FineTunedRecognizer[ViTParams]):
    """A vision transformer on its class token."""

    def network(self, classes: int) -> ImageNetwork:
        """The network with random weights from torch's generator."""
        return ViTNetwork(self.params.shape, self.params.size, classes)

    def load(self, model: ImageNetwork, path: Path) -> None:
        """Put a checkpoint with timm's or torchvision's names in, all but the classifier."""
        load_vit(cast(ViTNetwork, model), path)
