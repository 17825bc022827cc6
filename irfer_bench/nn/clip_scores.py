"""From rows of frames, or whole clips, to rows of clips: scores and features in one pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from irfer_bench.contracts.context import Context
from irfer_bench.contracts.values import Clips, Features, Scores
from irfer_bench.errors import ContractError
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.device import autocast
from irfer_bench.nn.frame_sampling import ClipSplit
from irfer_bench.nn.frames import FRAMES_AT_ONCE, FrameTable, batches, clip_batches

Mean = Literal["probability", "logit"]
Rows = Callable[[FrameTable, range], tuple[Tensor, Tensor]]
"""Frames of a table to their (n, classes) log-probabilities and (n, width) features."""


@torch.no_grad()
def score_clips(
    clips: Clips,
    rows: Rows,
    *,
    classes: int,
    width: int,
    ctx: Context,
    batch: int | None = None,
) -> tuple[Scores, Features]:
    """(N, classes) log-probabilities and (N, width) features, both float32.

    The log-probabilities of a clip's scored frames are averaged and normalised, its features
    averaged.

    Args:
        rows: called with consecutive numbers of frames, `batch` at a time (64).

    Raises:
        ContractError: a clip has no frame to score.
    """
    table = FrameTable(clips)
    scores, features = ClipMean(len(clips), classes), ClipMean(len(clips), width)
    for index in batches(len(table), batch or FRAMES_AT_ONCE):
        log_probabilities, codes = rows(table, index)
        owners = table.owner[index.start : index.stop]
        scores.add(owners, log_probabilities)
        features.add(owners, codes)
        ctx.progress("predict", int(owners[-1]) + 1, len(clips))
    return scores.log_probabilities(), features.mean()


@torch.no_grad()
def score_videos(
    clips: Clips,
    rows: Callable[[Tensor], tuple[Tensor, Tensor]],
    inputs: ClipInput,
    *,
    classes: int,
    width: int,
    ctx: Context,
    batch: int,
    count: int,
    split: ClipSplit,
    by: Mean,
) -> tuple[Scores, Features]:
    """(N, classes) log-probabilities and (N, width) features of whole videos, both float32.

    Args:
        rows: (B, T, 3, S, S) in 0..1 to (B, classes) logits and (B, width) features.
        batch: videos at a time.
        count, split, by: how many clips each video is scored by, how they are taken and averaged;
            videos of too few frames for that are counted in the record.
    """
    scores, features, short = [np.zeros((0, classes))], [np.zeros((0, width))], 0
    for part in clip_batches(clips, batch):
        x = inputs.evaluate(part.clips, count, split).to(ctx.device)
        with autocast(ctx):
            logits, codes = zip(*(rows(one) for one in x), strict=True)
        scores.append(average_clips(torch.stack(logits), by).cpu().numpy())
        features.append(torch.stack(codes).double().mean(0).cpu().numpy())
        short += sum(inputs.is_short(clip, count) for clip in part.clips)
        ctx.progress("predict", part.first + len(part.clips), len(clips))
    report_short(short, count, ctx)
    return (
        np.concatenate(scores).astype(np.float32), np.concatenate(features).astype(np.float32)
    )


def report_short(short: int, count: int, ctx: Context) -> None:
    """Put into the record how many videos had too few frames for `count` clips."""
    if count > 1:
        ctx.report("videos_scored_by_one_clip", short)


def average_clips(logits: Tensor, by: Mean = "probability") -> Tensor:
    """(N, classes) float64 log-probabilities of videos from those of several clips of each.

    Args:
        logits: (clips, N, classes); log-probabilities are logits too.
        by: the mean of the clips' probabilities, or of their logits.
    """
    if by == "logit":
        return logits.double().mean(0).log_softmax(-1)
    return logits.double().log_softmax(-1).logsumexp(0) - math.log(len(logits))


class ClipMean:
    """Adds rows of frames up into means of clips."""

    def __init__(self, clips: int, width: int) -> None:
        self.total = np.zeros((clips, width), dtype=np.float64)
        self.count = np.zeros(clips, dtype=np.int64)

    def add(self, owners: Any, rows: Tensor) -> None:
        """Add (n, width) rows to the clips of these n positions."""
        np.add.at(self.total, owners, rows.double().cpu().numpy())
        np.add.at(self.count, owners, 1)

    def mean(self) -> Scores:
        """(clips, width) float32.

        Raises:
            ContractError: a clip has no frames.
        """
        if (self.count == 0).any():
            raise ContractError(f"clip {int((self.count == 0).argmax())} has no frame to score")
        return (self.total / self.count[:, None]).astype(np.float32)

    def log_probabilities(self) -> Scores:
        """(clips, classes) float32: means of log-probabilities, made to sum to one again."""
        mean = torch.from_numpy(self.mean()).double()
        return mean.log_softmax(dim=-1).float().numpy()
