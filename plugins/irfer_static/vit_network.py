"""The vision transformers themselves: timm's, of any shape."""

from __future__ import annotations

from functools import partial

from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from irfer_static.image_network import ImageNetwork
from irfer_static.vit_params import ViTSize


class ViTNetwork(ImageNetwork):
    """timm's VisionTransformer with exact GELU and a linear classifier.

    Takes (N, 3, size, size) in [-1, 1]; `features` gives (N, width), `forward` logits.

    Args:
        patches: features are the normalised mean of the patches (MAE's `global_pool`) and not the
            class token of the normalised tokens.
    """

    def __init__(
        self, shape: ViTSize, size: int, classes: int, *, patches: bool = False
    ) -> None:
        super().__init__(shape.mean, shape.deviation)
        self.net = VisionTransformer(
            img_size=size, patch_size=shape.patch, embed_dim=shape.width, depth=shape.depth,
            num_heads=shape.heads, num_classes=classes,
            global_pool="avg" if patches else "token", pre_norm=shape.norm_first,
            norm_layer=partial(nn.LayerNorm, eps=shape.epsilon),
        )

    @property
    def head(self) -> nn.Linear:
        """The classifier."""
        head: nn.Linear = self.net.head
        return head

    @property
    def blocks(self) -> nn.Module:
        """The transformer's blocks."""
        blocks: nn.Module = self.net.blocks
        return blocks

    def features(self, normal: Tensor) -> Tensor:
        """(N, width) pooled features of normalised images."""
        pooled: Tensor = self.net.forward_head(self.net.forward_features(normal), pre_logits=True)
        return pooled
