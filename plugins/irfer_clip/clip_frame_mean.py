"""The mean of CLIP's features over the frames of a clip, compared with sentences or probed.

With the frozen image tower f and the S frames that the setting scores,

    m = (1/S) sum_t f(x_t)        p(k | x) = softmax_k( s cos(m, o_k) ),

where o are sentences about the classes (`clip_zero_shot`, Radford et al., ICML 2021), or logistic
regression on m (`@linear_probe`, with the recipe of `linear_probe`). The features are those that
every CLIP method shares, so that a second method or fold encodes no frame. The baseline is ours:
`clip_zero_shot` and `linear_probe` average the frames' log-probabilities instead.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from irfer_bench.api import Clips, Context, Features, Scores, TrainingData
from irfer_bench.nn.clip_scores import ClipMean
from irfer_bench.nn.frames import FrameTable
from irfer_clip.backbone import Backbone
from irfer_clip.clip_frame_mean_params import ClipFrameMeanParams
from irfer_clip.images import Preparation
from irfer_clip.linear_probe import LinearProbe
from irfer_clip.prompting import normalize


class ClipFrameMean(LinearProbe):
    """A linear layer on averaged features; without training its rows are s times the sentences."""

    name = "clip_frame_mean"
    params: ClipFrameMeanParams

    @property
    def is_zero_shot(self) -> bool:
        """Whether nothing is trained."""
        return self.params.classifier == "zero_shot"

    def train(
        self, model: nn.Linear, backbone: Backbone, data: TrainingData, ctx: Context
    ) -> None:
        """Take s o as the layer, or fit it."""
        if not self.is_zero_shot:
            super().train(model, backbone, data, ctx)
            return
        sentences = self.sentence_features(backbone, self.params.template)
        with torch.no_grad():
            model.weight.copy_(self.scale(backbone) * sentences)
            model.bias.zero_()

    def classify_plain(
        self, model: nn.Linear, backbone: Backbone, plain: Tensor, o: Tensor
    ) -> tuple[Tensor, Tensor]:
        """W m + b, of the unit m without training, and the unit features."""
        if not self.is_zero_shot:
            return super().classify_plain(model, backbone, plain, o)
        unit = normalize(plain)
        with torch.autocast(plain.device.type, enabled=False):
            return model(unit), unit

    def rows(self, table: FrameTable, view: Preparation, ctx: Context) -> tuple[Tensor, Tensor]:
        """m and the label of each clip."""
        return self._means(table, view, ctx), table.clip_labels

    def row_owners(self, table: FrameTable) -> list[int]:
        """Every clip has one row."""
        return list(range(table.clips))

    @torch.no_grad()
    def predict_and_embed(self, clips: Clips, ctx: Context) -> tuple[Scores, Features]:
        """Both from the shared features of the scored frames."""
        backbone, model, o = self._restored(ctx)
        if not len(clips):
            width = self.width(model, backbone)
            return np.zeros((0, len(self.classes)), np.float32), np.zeros((0, width), np.float32)
        means = self._means(FrameTable(clips), self.view(backbone), ctx)
        logits, unit = self.classify_plain(model, backbone, means, o)
        return logits.float().log_softmax(-1).cpu().numpy(), unit.float().cpu().numpy()

    def _means(self, table: FrameTable, view: Preparation, ctx: Context) -> Tensor:
        """(clips, D) float32 means over the scored frames; ContractError where one has none."""
        features = self.plain(table, view, ctx)
        mean = ClipMean(table.clips, features.shape[1])
        mean.add(table.owner, features)
        return torch.from_numpy(mean.mean()).to(features.device)
