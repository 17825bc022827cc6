"""Whole clips as a network's input: which frames are taken, and how they become a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from irfer_bench.contracts.values import Clip, TrainingData
from irfer_bench.errors import CellError
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import ClipSplit, FrameSampling, draw_from
from irfer_bench.nn.frames import FrameTable


@dataclass(frozen=True, slots=True)
class ClipInput:
    """Clips to (B, T, 3, S, S) float32; frames are taken of all that are stored.

    Args:
        finish: the last change of a clip's (T, 3, S, S) in 0..1, such as a normalisation.
    """

    sampling: FrameSampling
    view: ClipView
    finish: Callable[[Tensor, Clip], Tensor] = lambda x, _: x

    def train(self, clips: Sequence[Clip], generator: Generator) -> Tensor:
        """Random frames of each clip, changed alike within a clip."""
        draw, views = draw_from(generator), []
        for clip in clips:
            taken = self.sampling.train(clip.count, draw)
            views.append(self.finish(self.view.train(clip.take(taken), generator), clip))
        return torch.stack(views)

    def evaluate(
        self, clips: Sequence[Clip], count: int = 1, split: ClipSplit = "alternate"
    ) -> Tensor:
        """(count, B, T, 3, S, S): the middle frames of each video's segments, as `count` clips.

        A video that `is_short` gives the same clip, over all of it, `count` times.
        """
        views = []
        for clip in clips:
            taken = (
                np.stack([self.sampling.test(clip.count)] * count)
                if self.is_short(clip, count)
                else self.sampling.test_clips(clip.count, count, split)
            )
            view = self.finish(self.view.evaluate(clip.take(taken.reshape(-1).tolist())), clip)
            views.append(view.reshape(*taken.shape, *view.shape[1:]))
        return torch.stack(views, dim=1)

    def is_short(self, clip: Clip, count: int) -> bool:
        """Whether it has too few frames for `count` clips that share none.

        `FrameSampling.test_clips` fills up with the last frame, as public code does for one clip;
        of several clips the first would then hold the video and the others its last frame.
        """
        return count > 1 and clip.count < count * self.sampling.frames


def labelled_clips(name: str, data: TrainingData) -> FrameTable:
    """Source and target clips to train on, with every stored frame.

    Raises:
        CellError: there is nothing to train on, or a clip has no label among the classes.
    """
    table = FrameTable(data.source, data.target, classes=data.classes, scored=False)
    if not table.clips:
        raise CellError(
            f"{name} has nothing to train on: source and target are both empty",
            "choose a setting with labelled clips, or a translator other than none",
        )
    unknown = (table.clip_labels < 0).nonzero()
    if len(unknown):
        label = table.clip(int(unknown[0])).label
        raise CellError(
            f"a training clip has the label {label!r}, the classes are {', '.join(data.classes)}")
    return table
