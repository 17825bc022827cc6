"""CLIP zero-shot: logits = s cos(f_img, f_txt), nothing is trained.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
With several templates the text features are normalized, averaged and normalized again (CoOp's
code). Deviation: the mini CLIP of `quick` is ours.
"""

from __future__ import annotations

from torch import Tensor, nn

from irfer_clip.backbone import Backbone
from irfer_clip.classifier import ClipClassifier
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.prompting import CLIP


class ClipZeroShot(ClipClassifier[ClipZeroShotParams, nn.Module]):
    """Compares an image with a sentence about each class."""

    name = "clip_zero_shot"

    def build(self, clip: CLIP, classes: int) -> nn.Module:
        """An empty module."""
        return nn.Module()

    def texts(self, model: nn.Module, backbone: Backbone) -> Tensor:
        """o: the un-prompted sentences."""
        return self.sentence_features(backbone, self.params.template)

    def is_frozen(self, model: nn.Module) -> bool:
        """The image tower is never changed."""
        return True
