"""From frames to clips: the mean of log-probabilities over the frames that the setting scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from irfer_bench.api import Clip, ContractError
from irfer_bench.nn.clip_input import ClipInput
from irfer_bench.nn.clip_scores import average_clips, score_clips, score_videos
from irfer_bench.nn.clip_views import ClipView
from irfer_bench.nn.frame_sampling import FrameSampling
from irfer_bench.nn.frames import FrameTable
from irfer_bench.testing.memory import ClipList, MemoryContext


def _clips(scored: tuple[int, ...] | None = None) -> ClipList:
    rng = np.random.default_rng(0)
    return ClipList([
        Clip(str(i), rng.integers(0, 256, (3, 2, 2, 3), dtype=np.uint8), "nir", scored=scored)
        for i in range(5)
    ])  # fmt: skip


class _Told(MemoryContext):
    """Keeps what it is told of the progress."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[tuple[str, int, int]] = []

    def progress(self, name: str, done: int, total: int, note: str = "") -> None:
        self.told.append((name, done, total))


class _Rows:
    """Log-probabilities and features from the first pixel; counts the frames it is given."""

    def __init__(self) -> None:
        self.frames = 0

    def __call__(self, table: FrameTable, index: range) -> tuple[Tensor, Tensor]:
        self.frames += len(index)
        first = torch.tensor([f.pixels[0, 0].tolist() for f in table.read(index)]).float() / 50
        return first.log_softmax(1), first


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_scores_and_features_come_from_one_pass_over_the_scored_frames(batch: int) -> None:
    rows, clips = _Rows(), _clips((2, 0))
    scores, features = score_clips(
        clips, rows, classes=3, width=3, ctx=MemoryContext(), batch=batch)
    assert rows.frames == 10
    pixels = np.stack([c.frames[[2, 0], 0, 0] for c in clips]).astype(np.float64) / 50
    each = pixels - np.logaddexp.reduce(pixels, axis=-1, keepdims=True)
    mean = each.mean(1)
    assert np.allclose(scores, mean - np.logaddexp.reduce(mean, 1, keepdims=True), atol=1e-5)
    assert np.allclose(features, pixels.mean(1), atol=1e-5)
    assert scores.dtype == features.dtype == np.float32
    other, _ = score_clips(_clips((1,)), rows, classes=3, width=3, ctx=MemoryContext())
    assert not np.allclose(scores, other, atol=1e-3)


def test_a_clip_without_a_frame_to_score_is_named() -> None:
    with pytest.raises(ContractError, match="clip 0 has no frame"):
        score_clips(_clips(()), _Rows(), classes=3, width=3, ctx=MemoryContext())


def test_no_clips_give_no_rows() -> None:
    scores, features = score_clips(
        ClipList([]), _Rows(), classes=3, width=7, ctx=MemoryContext())
    assert scores.shape == (0, 3)
    assert features.shape == (0, 7)


def test_clips_of_a_video_are_averaged_as_probabilities_or_as_logits() -> None:
    logits = torch.tensor([[[0.0, 5.0]], [[0.0, -4.0]]])
    mean = logits.softmax(-1).mean(0).log().double()
    assert torch.allclose(average_clips(logits), mean)
    assert torch.allclose(average_clips(logits, "logit"), logits.mean(0).log_softmax(-1).double())
    assert torch.allclose(average_clips(logits[:1]), logits[0].log_softmax(-1).double())


@pytest.mark.parametrize(("batch", "done"), [(15, [5]), (6, [2, 4, 5]), (4, [2, 3, 4, 5])])
def test_progress_counts_the_clips_that_are_begun(batch: int, done: list[int]) -> None:
    ctx = _Told()
    score_clips(_clips(), _Rows(), classes=3, width=3, ctx=ctx, batch=batch)
    assert ctx.told == [("predict", clips, 5) for clips in done]


def _videos(lengths: tuple[int, ...]) -> ClipList:
    rng = np.random.default_rng(1)
    return ClipList([
        Clip(str(i), rng.integers(0, 256, (length, 8, 8, 3), dtype=np.uint8), "vis")
        for i, length in enumerate(lengths)
    ])  # fmt: skip


class _Videos:
    """Mean colours as features, and these times four as logits; needs no gradient."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        assert not torch.is_grad_enabled()
        self.sizes.append(len(x))
        colours = x.mean((1, 3, 4))
        return 4 * colours, colours


@pytest.mark.parametrize("split", ["alternate", "halves"])
@pytest.mark.parametrize("by", ["probability", "logit"])
def test_videos_are_scored_by_several_clips_of_middle_frames(split: str, by: str) -> None:
    videos, ctx, rows = _videos((9, 8, 4, 7, 16)), _Told(), _Videos()
    inputs = ClipInput(FrameSampling(4), ClipView(8))
    scores, features = score_videos(
        videos, rows, inputs, classes=3, width=3, ctx=ctx, batch=2, count=2,
        split=split, by=by)  # type: ignore[arg-type]
    assert rows.sizes == [2, 2, 2, 2, 1, 1]
    assert ctx.told == [("predict", 2, 5), ("predict", 4, 5), ("predict", 5, 5)]
    assert ctx.reports == {"videos_scored_by_one_clip": 2}
    assert scores.dtype == features.dtype == np.float32
    for video, score, feature in zip(videos, scores, features, strict=True):
        count, rule = len(video.frames), FrameSampling(4)
        taken = (rule.test_clips(count, 2, split) if count >= 8  # type: ignore[arg-type]
                 else np.stack([rule.test(count)] * 2))  # fmt: skip
        colours = np.stack([video.frames[own].mean((0, 1, 2)) / 255 for own in taken])
        odds = np.exp(4 * colours)
        odds = np.exp(4 * colours.mean(0)) if by == "logit" else (
            odds / odds.sum(1, keepdims=True)).mean(0)
        assert np.allclose(score, np.log(odds / odds.sum()), atol=1e-5)
        assert np.allclose(feature, colours.mean(0), atol=1e-5)


def test_no_videos_give_no_rows() -> None:
    inputs = ClipInput(FrameSampling(4), ClipView(8))
    scores, features = score_videos(
        ClipList([]), _Videos(), inputs, classes=3, width=7, ctx=MemoryContext(), batch=2,
        count=1, split="alternate", by="logit")
    assert (scores.shape, features.shape) == ((0, 3), (0, 7))
