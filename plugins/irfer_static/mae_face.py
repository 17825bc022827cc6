"""MAE-Face, fine-tuned: a ViT-B/16 pretrained on faces as a masked autoencoder.

Ma et al., "A Unified Approach to Facial Affect Analysis: The MAE-Face Visual Representation", CVPR
Workshops 2023, after He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022.
Deviations from their fine-tuning, whose recipe here is that of `fine_tuning`:
- no decay of the learning rate by layer, no drop path, mixup or cutmix; positions are trained;
- `quick` starts from the mini MAE of drawn faces, 6 layers of width 96 at 64 px, for 6 epochs,
  with Muon for the weights of the blocks.
Features are the normalised mean of the patches, as its authors advise for fine-tuning.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

from irfer_static.fine_tuning import FineTunedRecognizer
from irfer_static.image_network import ImageNetwork
from irfer_static.mae_face_params import MAEFaceParams
from irfer_static.vit_checkpoints import load_mae
from irfer_static.vit_network import ViTNetwork


class MAEFaceRecognizer(FineTunedRecognizer[MAEFaceParams]):
    """A vision transformer on the mean of its patches, or on its class token."""

    def network(self, classes: int) -> ImageNetwork:
        """The network with random weights from torch's generator."""
        p = self.params
        return ViTNetwork(p.shape, p.size, classes, patches=p.pool == "patches")

    def load(self, model: ImageNetwork, path: Path) -> None:
        """Put MAE-Face's encoder in, every key of it checked."""
        load_mae(cast(ViTNetwork, model), path)
