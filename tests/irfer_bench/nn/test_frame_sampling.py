"""Frames that are taken of a clip: what holds for every length, and the rules of our own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

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
