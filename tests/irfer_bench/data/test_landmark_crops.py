"""Crops by known landmarks, which are moved with the crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.values import Item
from irfer_bench.data.preparation.prepare import Rules
from irfer_bench.errors import DamagedError, MissingError, UsageError
from tests.irfer_bench.data.arrays import item, noise, run, square_face


@given(st.integers(0, 60), st.integers(0, 60), st.integers(12, 40), st.sampled_from([16, 32, 64]))
def test_landmarks_move_with_the_pixels(x: int, y: int, side: int, size: int) -> None:
    image = np.zeros((1, 100, 100), np.uint8)
    image[0, y : y + side, x : x + side] = 255
    points = square_face(x, y, side)
    (clip,) = run(
        {"a": image},
        [item()],
        Rules(size=size, detector="landmarks", crop=1.5),
        landmarks={"a": points},
    )
    assert clip.landmarks is not None
    (left, top), (right, bottom) = clip.landmarks[0, 0], clip.landmarks[0, 1]
    assert right - left == pytest.approx(size / 1.5, rel=0.06)
    # The bright square and its two corner points still belong together: equal area, equal centre.
    bright = clip.frames[0, ..., 0].astype(float) / 255
    if min(x, y) > 0 and max(x, y) + side < 100:
        assert bright.sum() == pytest.approx((right - left) * (bottom - top), rel=0.1)
    rows, columns = np.indices(bright.shape) + 0.5
    if min(x, y) > side and max(x, y) + 2 * side < 100:
        assert (bright * columns).sum() / bright.sum() == pytest.approx((left + right) / 2, abs=0.5)
        assert (bright * rows).sum() / bright.sum() == pytest.approx((top + bottom) / 2, abs=0.5)


def test_a_box_over_the_border_repeats_the_border() -> None:
    image = np.full((1, 40, 40), 77, np.uint8)
    (clip,) = run(
        {"a": image},
        [item()],
        Rules(size=16, detector="landmarks", crop=2.0),
        landmarks={"a": square_face(0, 0, 20)},
    )
    assert (clip.frames == 77).all()


def test_a_registered_pair_shares_the_visible_partners_box_and_a_weak_one_does_not() -> None:
    vis, nir = item("v", spectrum="vis", pair="p"), item("n", pair="p")
    arrays = {"v": noise(1, 64, 64), "n": noise(1, 64, 64, seed=1)}
    marks = {"v": square_face(10, 10, 20), "n": square_face(30, 30, 20)}
    rules = Rules(size=16, detector="landmarks", crop=1.0)

    def boxes(items: Sequence[Item], known: dict[str, Any]) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        run(arrays, items, rules, landmarks=known, record=facts.__setitem__)
        return {name: fact["boxes"] for name, fact in facts.items()}

    assert boxes([vis, nir], marks) == {"v": [[10, 10, 20]], "n": [[10, 10, 20]]}
    assert boxes([vis, nir], {"v": marks["v"]})["n"] == [[10, 10, 20]]
    weak = [replace(one, weak_pair=True) for one in (vis, nir)]
    assert boxes(weak, marks) == {"v": [[10, 10, 20]], "n": [[30, 30, 20]]}


def test_partners_may_be_prepared_apart() -> None:
    vis, nir = item("v", spectrum="vis", pair="p"), item("n", pair="p")
    rules = Rules(size=16, detector="landmarks", crop=1.0)
    facts: dict[str, Any] = {}
    (clip,) = run(
        {"n": noise(1, 64, 64)},
        [nir],
        rules,
        partners=[vis, nir],
        landmarks={"v": square_face(10, 12, 20)},
        record=facts.__setitem__,
    )
    assert facts["n"]["boxes"] == [[10, 12, 20]] and clip.landmarks is not None


def test_the_datasets_own_landmarks_serve_and_a_file_wins() -> None:
    own, given_ = square_face(10, 10, 20), square_face(20, 20, 20)
    rules = Rules(size=20, detector="landmarks", crop=1.0)
    for known, corner in (({}, 10), ({"a": given_}, 20)):
        facts: dict[str, Any] = {}
        run(
            {"a": noise(1, 64, 64)},
            [item()],
            rules,
            landmarks_of={"a": own},
            landmarks=known,
            record=facts.__setitem__,
        )
        assert facts["a"]["boxes"] == [[corner, corner, 20]]


@pytest.mark.parametrize(
    ("rules", "marks", "error", "says"),
    [
        (Rules(detector="landmarks"), {}, MissingError, "--landmarks FILE"),
        (Rules(), {"a": np.zeros((2, 68, 2), np.float32)}, UsageError, r"expected \(1, 68, 2\)"),
        (
            Rules(detector="landmarks"),
            {"a": np.full((1, 68, 2), np.nan)},
            DamagedError,
            "not finite",
        ),
        (Rules(detector="landmarks"), {"a": np.zeros((1, 68, 2))}, DamagedError, "on one point"),
    ],
)
def test_bad_landmarks_are_one_clear_line(
    rules: Rules,
    marks: dict[str, Any],
    error: type[Exception],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        run({"a": noise(1, 32, 32)}, [item()], rules, landmarks=marks)
