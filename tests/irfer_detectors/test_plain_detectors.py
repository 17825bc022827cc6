"""Detectors that look at no pixel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.api import DamagedError, Face, MissingError, Params
from irfer_detectors.plain import Boxes, Centre, Landmarks
from tests.irfer_detectors.queries import blank, query


@given(st.integers(1, 60), st.integers(1, 60))
def test_none_is_the_largest_square_in_the_middle(height: int, width: int) -> None:
    (face,) = Centre(Params()).find(query(blank(height, width)))
    assert face is not None
    side = face.right - face.left
    assert side == face.bottom - face.top == min(height, width)
    # In the middle to half a pixel, and on whole pixels: the crop itself, nothing is resampled.
    assert 0 <= width - side - 2 * face.left <= 1
    assert 0 <= height - side - 2 * face.top <= 1


def test_frames_of_different_sizes_have_squares_of_their_own() -> None:
    found = Centre(Params()).find(query(blank(10, 30), blank(40, 20)))
    assert found == [Face(10, 0, 20, 10), Face(0, 10, 20, 30)]


def points(*shape: int) -> Any:
    return np.random.default_rng(0).uniform(10, 50, (*shape, 68, 2)).astype(np.float32)


def test_landmarks_give_their_extent_frame_by_frame() -> None:
    known = points(2)
    known.flags.writeable = False
    found = Landmarks(Params()).find(query(blank(), blank(), landmarks=known))
    for face, own in zip(found, known, strict=True):
        assert face is not None
        assert (face.left, face.top) == tuple(own.min(axis=0))
        assert (face.right, face.bottom) == tuple(own.max(axis=0))
    assert not Landmarks.exact, "the setting's factor enlarges it"


def broken(value: float) -> Any:
    known = points(1)
    known[0, 3, 1] = value
    return known


@pytest.mark.parametrize(("landmarks", "error", "says"), [
    (None, MissingError, r"a has no landmarks.*--landmarks FILE"),
    (broken(np.nan), DamagedError, "landmarks of a are not finite"),
    (broken(np.inf), DamagedError, "landmarks of a are not finite"),
    (np.full((1, 68, 2), 7.5), DamagedError, "landmarks of a lie on one point"),
])
def test_landmarks_that_are_none(landmarks: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        Landmarks(Params()).find(query(blank(), landmarks=landmarks))


def test_one_damaged_frame_among_good_ones_is_damage() -> None:
    known = points(3)
    known[1] = 4
    with pytest.raises(DamagedError, match="on one point"):
        Landmarks(Params()).find(query(blank(), blank(), blank(), landmarks=known))


def test_boxes_are_taken_as_they_are() -> None:
    given_ = [(3.5, -2.0, 40.0), None]
    found = Boxes(Params()).find(query(blank(), blank(), boxes=given_))
    assert found == [Face(3.5, -2.0, 43.5, 38.0), None]
    assert Boxes.exact, "what the user says is the crop, the setting's factor leaves it"


def test_an_item_the_file_does_not_name_has_no_box() -> None:
    assert Boxes(Params()).find(query(blank(), blank(), boxes=[None, None])) == [None, None]


def test_without_a_file_of_boxes_nothing_is_guessed() -> None:
    with pytest.raises(MissingError, match="--boxes FILE"):
        Boxes(Params()).find(query(blank()))


@pytest.mark.parametrize("box", [
    (0.0, 0.0, 0.0), (0.0, 0.0, -5.0), (np.nan, 0.0, 9.0), (0.0, np.inf, 9.0),
])
def test_a_box_without_a_side_is_damage(box: Any) -> None:
    with pytest.raises(DamagedError, match="box of a is"):
        Boxes(Params()).find(query(blank(), boxes=[box]))


@pytest.mark.parametrize("detector", [Centre, Landmarks, Boxes])
def test_no_weights_and_no_pixels_are_needed(detector: type, tmp_path: Path) -> None:
    made = detector(Params())
    made.open(tmp_path / "not there")
    assert made.looks is False
