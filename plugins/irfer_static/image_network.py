"""What a network needs for fine-tuning: normalisation, pooled features, and its classifier."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ImageNetwork(nn.Module, ABC):
    """A trunk with a linear classifier, on (N, 3, size, size) images in [-1, 1].

    Args:
        mean, deviation: of red, green and blue in [0, 1], to which the trunk is used.
    """

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(3, 1, 1), persistent=False)

    @property
    @abstractmethod
    def head(self) -> nn.Linear:
        """The classifier."""

    @property
    @abstractmethod
    def blocks(self) -> nn.Module:
        """All but the first layer, the classifier and what stands between tokens and blocks."""

    @abstractmethod
    def features(self, normal: Tensor) -> Tensor:
        """(N, width) pooled features of normalised images."""

    def normalise(self, x: Tensor) -> Tensor:
        """[-1, 1] to mean 0 and deviation 1."""
        return ((x + 1) / 2 - self.get_buffer("mean")) / self.get_buffer("deviation")

    def forward(self, normal: Tensor) -> Tensor:
        """(N, classes) logits of normalised images."""
        logits: Tensor = self.head(self.features(normal))
        return logits
