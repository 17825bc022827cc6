"""Frames that are taken of a clip: what holds for every length, and the rules of our own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.nn.frame_sampling import FrameSampling, draw_from

LENGTHS = [1, 2, 7, 15, 16, 17, 31, 100, 10_000]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("duration", [1, 2])
@pytest.mark.parametrize("mode", ["official", "full_span"])
def test_positions_lie_in_the_clip_and_ascend(length: int, duration: int, mode: str) -> None:
    sampling = FrameSampling(8, duration, mode)  # type: ignore[arg-type]
    draw = draw_from(torch.Generator().manual_seed(length))
    for taken in (sampling.test(length), sampling.train(length, draw)):
        assert taken.shape == (8 * duration,)
        assert taken.min() >= 0
        assert taken.max() < length
        assert (np.diff(taken[::duration]) >= 0).all()


def test_the_end_of_a_clip_is_seen_with_full_span_alone() -> None:
    draw = draw_from(torch.Generator().manual_seed(0))
    last = {
        mode: max(FrameSampling(16, mode=mode).train(31, draw).max() for _ in range(50))  # type: ignore[arg-type]
        for mode in ("official", "full_span")
    }
    assert last == {"official": 15, "full_span": 30}


def test_former_dfer_takes_two_consecutive_frames_of_each_segment() -> None:
    pairs = FrameSampling(8, 2).test(33).reshape(8, 2)
    assert pairs[:, 0].tolist() == [2, 6, 10, 14, 18, 22, 26, 30]
    assert (pairs[:, 1] - pairs[:, 0] == 1).all()


def test_two_clips_share_out_twice_the_frames() -> None:
    sampling = FrameSampling(16)
    both = FrameSampling(32).test(100)
    assert np.array_equal(sampling.test_clips(100, 2), [both[::2], both[1::2]])
    assert np.array_equal(sampling.test_clips(100, 2, "halves"), [both[:16], both[16:]])
    assert np.array_equal(sampling.test_clips(100, 1), [sampling.test(100)])
    assert sampling.test_clips(1, 2).tolist() == [[0] * 16] * 2


def test_each_position_of_a_segment_is_drawn_alike() -> None:
    draw = draw_from(torch.Generator().manual_seed(0))
    taken = np.stack([FrameSampling(4).train(20, draw) for _ in range(4000)]) - np.arange(4) * 5
    shares = np.stack([(taken == i).mean(0) for i in range(5)])
    assert np.abs(shares - 0.2).max() < 0.03


@given(st.integers(1, 500), st.integers(1, 20), st.integers(1, 3))
def test_the_segments_of_full_span_are_nearly_equal_and_cover_the_clip(
    segments: int, factor: int, duration: int
) -> None:
    """The first and the last start that each segment can give, where there are enough of them."""
    starts = segments * factor + (7 * factor) % segments
    length = starts + duration - 1
    sampling = FrameSampling(segments, duration, "full_span")
    low = sampling.train(length, lambda high, size: np.zeros(size, np.int64))[::duration]
    high = sampling.train(length, lambda high, size: np.asarray(high) - 1)[::duration]
    assert low[0] == 0
    assert high[-1] == starts - 1
    assert np.array_equal(low[1:], high[:-1] + 1)
    assert set(high - low + 1) <= {starts // segments, -(-starts // segments)}


@given(st.integers(1, 400), st.integers(1, 20), st.integers(1, 3))
def test_the_segments_of_the_public_code_have_whole_numbers_of_frames(
    length: int, segments: int, duration: int
) -> None:
    sampling, starts = FrameSampling(segments, duration), max(1, length - duration + 1)
    last = sampling.train(length, lambda high, size: np.full(size, np.max(high) - 1))
    if starts >= segments:
        ends = (np.arange(segments) + 1) * (starts // segments) - 1
    else:
        ends = np.minimum(np.arange(segments), starts - 1)
    expected = np.minimum(ends[:, None] + np.arange(duration), length - 1)
    assert np.array_equal(last, expected.reshape(-1))


def test_a_short_clip_is_taken_as_it_is_and_its_last_frame_repeated() -> None:
    draw = draw_from(torch.Generator().manual_seed(0))
    for duration, length, expected in (
        (1, 3, [0, 1, 2, 2]), (2, 3, [0, 1, 1, 2, 1, 2, 1, 2]), (3, 2, [0, 1, 1] * 4),
        (2, 1, [0] * 8), (1, 4, [0, 1, 2, 3]), (2, 5, [0, 1, 1, 2, 2, 3, 3, 4]),
    ):  # fmt: skip
        sampling = FrameSampling(4, duration)
        assert sampling.test(length).tolist() == expected
        assert sampling.train(length, draw).tolist() == expected
        assert sampling.frames == len(expected)
        assert sampling.test(length).dtype == np.int64


def test_draws_are_whole_numbers_below_their_bounds_each_equally_often() -> None:
    draw = draw_from(torch.Generator().manual_seed(0))
    bounds = np.array([1, 2, 5])
    drawn = np.stack([draw(bounds, 3) for _ in range(3000)])
    for column, bound in zip(drawn.T, bounds, strict=True):
        shares = np.bincount(column, minlength=bound) / len(column)
        assert np.abs(shares - 1 / bound).max() < 0.04
        assert len(shares) == bound
    assert draw(3, 1000).max() == 2
