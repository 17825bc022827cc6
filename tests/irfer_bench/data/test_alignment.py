"""Aligned crops: landmarks lie at fixed places and stay with their pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.values import Face
from irfer_bench.data.boxes import crops_digest
from irfer_bench.data.preparation.alignment import EXTENT, EYES, PLACES, STABLE
from irfer_bench.data.preparation.prepare import Rules
from irfer_bench.errors import DamagedError, MissingError
from tests.irfer_bench.data.arrays import item, noise, run

NOSE = 30
ALIGNED = Rules(size=64, align="landmarks", crop=1.2)


def shape(angle: float = 0.0, scale: float = 30.0, x: float = 90.0, y: float = 80.0) -> Any:
    """(1, 68, 2): the mean shape's stable points, the eyes around their centres, turned."""
    points = np.full((68, 2), (0, 0.8))
    for eye, side in zip(EYES, (-0.5, 0.5), strict=True):
        points[eye] = (side, 0.0)
    points[list(STABLE)] = PLACES
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (points @ turn * scale + (x, y)).astype(np.float32)[None]


def dotted(points: Any) -> Any:
    """A grey image with a bright dot of 5 pixels at the tip of the nose."""
    image = np.full((1, 180, 200), 60, np.uint8)
    x, y = points[0, NOSE].astype(int)
    image[0, y - 2 : y + 3, x - 2 : x + 3] = 255
    return image


def aligned(points: Any, rules: Rules = ALIGNED, image: Any = None) -> tuple[Any, dict[str, Any]]:
    facts: dict[str, Any] = {}
    image = dotted(points) if image is None else image
    (clip,) = run(
        {"a": image}, [item()], rules, landmarks={"a": points}, record=facts.__setitem__
    )
    return clip, facts["a"]


@given(
    st.floats(-0.7, 0.7), st.floats(18, 45), st.floats(70, 130), st.floats(60, 110),
)
def test_the_nose_is_where_it_always_is_and_so_are_its_pixels(
    angle: float, scale: float, x: float, y: float
) -> None:
    clip, _ = aligned(shape(angle, scale, x, y))
    assert clip.landmarks is not None and clip.frames.shape == (1, 64, 64, 3)
    step = 64 / (EXTENT * 1.2)
    wanted = 32 + (PLACES[STABLE.index(NOSE)] - (0, 0.767)) * step
    assert np.abs(clip.landmarks[0, NOSE] - wanted).max() < 0.05
    bright = np.clip(clip.frames[0, ..., 0].astype(float) - 80, 0, None)
    rows, columns = np.indices(bright.shape) + 0.5
    found = ((bright * columns).sum() / bright.sum(), (bright * rows).sum() / bright.sum())
    # The dot lies on whole pixels of the original.
    assert np.abs(np.array(found) - wanted).max() < 0.6 + 0.7 * step / scale


def test_eyes_lie_level_at_one_distance_whatever_the_rest_of_the_face_does() -> None:
    for angle, scale, nose in ((0.3, 20, 0.0), (-0.2, 33, 25.0)):
        points = shape(angle, scale)
        points[0, 27:36] += nose
        clip, _ = aligned(points, Rules(size=64, align="eyes", crop=1.2))
        left, right = (clip.landmarks[0, eye].mean(axis=0) for eye in EYES)
        assert right - left == pytest.approx((64 / (EXTENT * 1.2), 0), abs=0.01)
        assert left[1] == pytest.approx(32 - 0.767 * 64 / (EXTENT * 1.2), abs=0.01)


def test_outside_the_image_its_border_is_repeated() -> None:
    clip, _ = aligned(shape(0.5, 45, 20, 20), image=np.full((1, 60, 60), 77, np.uint8))
    assert (clip.frames == 77).all()


def test_transforms_are_recorded_and_part_of_what_sites_compare() -> None:
    clip, facts = aligned(shape(0.3))
    ((a, b, shift_x, shift_y),) = facts["align"]
    x, y = shape(0.3)[0, NOSE].tolist()
    moved = (a * x - b * y + shift_x, b * x + a * y + shift_y)
    assert moved == pytest.approx(clip.landmarks[0, NOSE], abs=1e-3)
    side = facts["boxes"][0][2]
    assert side == pytest.approx(64 / np.hypot(a, b), abs=0.5)
    other = {"a": facts | {"align": [[a, b + 0.1, shift_x, shift_y]]}}
    assert crops_digest({"a": facts}) != crops_digest(other)


def test_a_registered_pair_has_the_visible_partners_transform() -> None:
    vis, nir = item("v", spectrum="vis", pair="p"), item("n", pair="p")
    points = {"v": shape(0.2), "n": shape(-0.2, 25)}
    facts: dict[str, Any] = {}
    image = noise(1, 180, 200)
    for given_ in ({"landmarks": points}, {"landmarks_of": points}):
        run(
            {"v": image, "n": image}, [nir], ALIGNED, partners=[vis, nir],
            record=facts.__setitem__, **given_,
        )
        (alone,) = aligned(points["v"], image=image)[1]["align"]
        assert facts["n"]["align"] == [pytest.approx(alone)]


class Finder:
    """Finds the mean shape where the first pixel is not black."""

    exact, looks = False, True
    brings = True

    def find(self, query: Any) -> list[Face | None]:
        points = shape()[0]
        low, high = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        known = points if self.brings else None
        return [Face(*low, *high, landmarks=known) if f.any() else None for f in query.frames]


def test_faces_without_landmarks_are_refused_with_what_to_do() -> None:
    finder = Finder()
    finder.brings = False
    image = {"a": noise(1, 180, 200)}
    rules = Rules(size=64, align="eyes", detector="finder")
    with pytest.raises(MissingError, match=r"a has no landmarks to align by.*'finder'.*dlib"):
        run(image, [item()], rules, detector=finder)
    with pytest.raises(MissingError, match=r"no landmarks to align by.*--landmarks FILE"):
        run(image, [item()], Rules(size=64, align="eyes"))


@pytest.mark.parametrize(("rule", "count"), [("whole", 3), ("drop", 2)])
def test_a_frame_without_a_face_is_taken_upright_or_dropped(rule: Any, count: int) -> None:
    frames = noise(3, 180, 200)
    frames[1] = 0
    rules = Rules(size=64, align="landmarks", detector="finder", no_face=rule)
    facts: dict[str, Any] = {}
    clips = run(
        {"a": frames}, [item(frames=3)], rules, detector=Finder(), record=facts.__setitem__
    )
    assert len(clips) == count and facts["a"]["no_face"] == [1]
    assert [each is None for each in facts["a"]["align"]] == [False, True, False]
    assert [clip.landmarks is None for clip in clips] == [False, True, False][-count:] or (
        rule == "drop" and all(clip.landmarks is not None for clip in clips)
    )


def test_a_clips_frame_without_a_face_lies_between_its_neighbours() -> None:
    frames = noise(3, 180, 200)
    frames[1] = 0
    rules = Rules(size=64, align="landmarks", detector="finder", unit="item")
    facts: dict[str, Any] = {}
    run({"a": frames}, [item(frames=3)], rules, detector=Finder(), record=facts.__setitem__)
    assert facts["a"]["align"][1] == pytest.approx(facts["a"]["align"][0])


def test_landmarks_on_one_point_are_refused() -> None:
    with pytest.raises(DamagedError, match="landmarks of a lie on one point"):
        aligned(np.full((1, 68, 2), 50, np.float32), image=noise(1, 180, 200))
