"""Methods that train beside an image tower that stays as it is: CoOp and CoCoOp.

Their images can be encoded once: `views` = V > 0 keeps the features of V fixed views of each
training image, the first of which is the centre view that all CLIP methods share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

from irfer_clip.classifier_params import ContextParams
from irfer_clip.features import augmented_features
from irfer_clip.prompt_classifier import PromptClassifier, Task
from irfer_clip.prompting import CLIP, encode_image, normalize

T = TypeVar("T", bound=ContextParams)
M = TypeVar("M", bound=nn.Module)


class FrozenTowerClassifier(PromptClassifier[T, M]):
    """Training on images, or on features of fixed views of them."""

    def __init__(self, params: T) -> None:
        super().__init__(params)
        self._views: dict[str, Tensor] = {}

    def is_frozen(self, model: M) -> bool:
        """The image tower is never changed."""
        return True

    @property
    def ahead(self) -> int:
        """None where the features of fixed views are in memory."""
        return 0 if self.params.views else super().ahead

    def images(self, model: M, clip: CLIP, images: Tensor) -> Tensor:
        """x: (B, embed) unit features, of images or of features that were kept."""
        if images.ndim == 2:
            return normalize(images)
        with torch.no_grad():
            return normalize(encode_image(clip, images)[0].float())

    def prepare(self, model: M, task: Task, epoch: int) -> None:
        """Encode the fixed views, once."""
        if epoch or not self.params.views:
            return
        for name, table in task.tables.items():
            views = [self.plain(table, task.view, task.ctx)]
            for number in range(1, self.params.views):
                seed = task.ctx.seed_for(self.name, "view", name, str(number))
                views.append(augmented_features(table, task.view, task.ctx, seed))
            self._views[name] = torch.stack(views)

    def examples(
        self, task: Task, name: str, index: Sequence[int], generator: torch.Generator
    ) -> Tensor:
        """Random crops, or features of one of the fixed views of each image."""
        if not self.params.views:
            return super().examples(task, name, index, generator)
        views = self._views[name]
        drawn = torch.randint(len(views), (len(index),), generator=generator)
        return views[drawn, torch.tensor(index)]

    def finish(self, model: M, task: Task) -> None:
        """Forget the views."""
        self._views = {}
