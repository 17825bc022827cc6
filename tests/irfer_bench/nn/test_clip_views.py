"""Views of clips: one draw for all frames, and every kind of change alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.api import ContractError
from irfer_bench.nn.clip_views import ClipView

RNG = np.random.default_rng(0)
STILL = np.repeat(RNG.integers(0, 256, (1, 40, 32, 3), dtype=np.uint8), 5, axis=0)
PLAIN = ClipView(24, area=(1.0, 1.0), flip=0.0)


def _draw(view: ClipView, seed: int = 0) -> torch.Tensor:
    return view.train(STILL, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("change", [
    {"area": (0.08, 1.0)}, {"flip": 0.5}, {"brightness": 0.5}, {"rotation": 10.0}])
def test_all_frames_get_the_same_draw_and_clips_differ(change: dict[str, object]) -> None:
    view = replace(PLAIN, **change)  # type: ignore[arg-type]
    clips = [_draw(view, seed) for seed in range(8)]
    for clip in clips:
        assert clip.shape == (5, 3, 24, 24)
        assert clip.min() >= 0
        assert clip.max() <= 1
        assert all(torch.equal(clip[0], frame) for frame in clip)
    assert any(not torch.equal(clips[0], clip) for clip in clips[1:])
    assert torch.equal(clips[3], _draw(view, 3))


def test_without_a_change_training_sees_what_evaluation_sees() -> None:
    for seed in range(8):
        assert torch.equal(_draw(PLAIN, seed), PLAIN.evaluate(STILL))
    assert torch.equal(_draw(replace(PLAIN, flip=1.0)), PLAIN.evaluate(STILL).flip(-1))
    same = ClipView(32, area=(1.0, 1.0), flip=0.0).evaluate(STILL[:, :32])
    assert torch.equal(same, torch.from_numpy(STILL[:, :32]).permute(0, 3, 1, 2).float() / 255)


def test_brightness_stays_within_its_bounds() -> None:
    grey = np.full((1, 8, 8, 3), 100, dtype=np.uint8)
    view = replace(PLAIN, size=8, brightness=0.5)
    factors = [
        float(view.train(grey, torch.Generator().manual_seed(seed)).mean()) * 2.55
        for seed in range(200)
    ]
    assert 0.5 <= min(factors) < 0.6
    assert 1.4 < max(factors) <= 1.5


def test_frames_that_are_not_prepared_are_refused() -> None:
    with pytest.raises(ContractError, match="uint8"):
        PLAIN.evaluate(STILL.astype(np.uint16))
    with pytest.raises(ContractError, match="uint8"):
        PLAIN.evaluate(STILL[..., :1])


def _rectangles(view: ClipView, rows: int, columns: int, count: int) -> np.ndarray:
    generator = torch.Generator().manual_seed(rows + columns)
    return np.array([view._rectangle(rows, columns, generator) for _ in range(count)])


def test_crops_have_the_area_and_the_shape_of_the_public_code() -> None:
    """A share of 8 to 100 % and a ratio of 3/4 to 4/3, both evenly; sides swapped half the time.

    Of a frame in which every such crop fits, so that none is drawn anew.
    """
    view = ClipView(24, area=(0.08, 0.5))
    top, left, height, width = _rectangles(view, 1000, 1000, 3000).T
    area = height * width / 1e6
    assert area.min() == pytest.approx(0.08, abs=0.005)
    assert area.max() == pytest.approx(0.5, abs=0.005)
    assert area.mean() == pytest.approx(0.29, abs=0.01)
    ratio = width / height
    assert ratio.min() == pytest.approx(3 / 4, abs=0.005)
    assert ratio.max() == pytest.approx(4 / 3, abs=0.005)
    # Unswapped: evenly over [3/4, 4/3], of which 3/7 is below 1; swapped: 4/7.
    assert (ratio < 1).mean() == pytest.approx(0.5, abs=0.03)
    assert np.log(ratio).mean() == pytest.approx(0.0, abs=0.01)
    wide = replace(view, ratio=(2.0, 3.0))
    shapes = _rectangles(replace(wide, area=(0.1, 0.2)), 1000, 1000, 1000)[:, 2:]
    swapped = shapes[:, 0] > shapes[:, 1]
    assert swapped.mean() == pytest.approx(0.5, abs=0.05)
    longer = shapes.max(1) / shapes.min(1)
    assert (longer.min(), longer.max()) == pytest.approx((2.0, 3.0), abs=0.03)
    for start, room in ((top, 1000 - height), (left, 1000 - width)):
        assert (start / room).mean() == pytest.approx(0.5, abs=0.03)
    whole = ClipView(24)
    assert (whole.area, whole.flip) == ((0.08, 1.0), 0.5)  # RandomResizedCrop's, and a coin


def test_every_place_of_a_crop_can_be_drawn() -> None:
    top, left, height, width = _rectangles(ClipView(8, area=(0.25, 0.25)), 9, 7, 600).T
    assert (top.min(), left.min()) == (0, 0)
    assert ((top + height).max(), (left + width).max()) == (9, 7)


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0.01, 1.0), st.integers(0, 10**6))
def test_a_crop_lies_in_the_frame_however_small_that_is(
    rows: int, columns: int, low: float, seed: int
) -> None:
    view = ClipView(4, area=(low, 1.0))
    top, left, height, width = view._rectangle(
        rows, columns, torch.Generator().manual_seed(seed))
    assert 0 <= top <= top + height - 1 < rows
    assert 0 <= left <= left + width - 1 < columns
    frames = np.zeros((2, rows, columns, 3), np.uint8)
    assert view.train(frames, torch.Generator().manual_seed(seed)).shape == (2, 3, 4, 4)


@pytest.mark.parametrize(("rows", "columns"), [(300, 20), (20, 300)])
def test_a_square_is_taken_where_no_crop_fits(rows: int, columns: int) -> None:
    top, left, height, width = _rectangles(ClipView(8, area=(0.5, 1.0)), rows, columns, 200).T
    assert (height == 20).all()
    assert (width == 20).all()
    start, other = (top, left) if rows > columns else (left, top)
    assert start.min() < 20
    assert start.max() > 260
    assert not other.any()


def test_crops_one_pixel_wide_are_taken() -> None:
    shapes = _rectangles(ClipView(8, area=(0.1, 0.12)), 4, 4, 200)[:, 2:]
    assert {1} <= set(shapes[:, 0])
    assert {1} <= set(shapes[:, 1])
    assert shapes.max() < 4


def test_half_of_the_clips_are_mirrored() -> None:
    view, plain = replace(PLAIN, flip=0.5), PLAIN.evaluate(STILL)
    mirrored = [not torch.equal(_draw(view, seed), plain) for seed in range(200)]
    assert 70 < sum(mirrored) < 130
    assert not any(torch.equal(_draw(replace(PLAIN, flip=1.0), k), plain) for k in range(20))


def test_rotation_turns_by_up_to_its_angle_to_both_sides() -> None:
    """A bright spot at the right edge moves up or down the circle about the centre."""
    frame = np.zeros((1, 101, 101, 3), np.uint8)
    frame[:, 49:52, 94:97] = 255
    view, angles = replace(PLAIN, size=101, rotation=30.0), []
    for seed in range(150):
        y, x = np.nonzero(_draw_of(view, frame, seed)[0, 0].numpy() > 0.5)
        angles.append(np.degrees(np.arctan2(50 - y.mean(), x.mean() - 50)))
    assert min(angles) == pytest.approx(-30, abs=2)
    assert max(angles) == pytest.approx(30, abs=2)
    assert np.mean(angles) == pytest.approx(0, abs=5)


def test_light_is_clipped_at_white_and_never_below_black() -> None:
    grey = np.full((1, 8, 8, 3), 200, dtype=np.uint8)
    levels = [float(_draw_of(replace(PLAIN, size=8, brightness=3.0), grey, s).mean())
              for s in range(60)]
    assert max(levels) == 1.0
    assert 0.0 <= min(levels) < 0.1


def _draw_of(view: ClipView, frames: np.ndarray, seed: int) -> torch.Tensor:
    return view.train(frames, torch.Generator().manual_seed(seed))


def test_crops_as_wide_or_as_high_as_the_frame_are_taken() -> None:
    shapes = _rectangles(ClipView(8, area=(0.5, 1.0)), 10, 10, 400)[:, 2:]
    assert any(width == 10 > height for height, width in shapes)
    assert any(height == 10 > width for height, width in shapes)
