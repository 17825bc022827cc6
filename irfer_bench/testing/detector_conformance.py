"""Conformance suite for detectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from irfer_bench import home
from irfer_bench.contracts.component import Kind
from irfer_bench.contracts.interfaces import Detector, FaceLister
from irfer_bench.contracts.values import Face, FaceQuery, Item
from irfer_bench.errors import MissingError, MissingWeightsError
from irfer_bench.testing.announcement import ComponentConformance
from irfer_bench.testing.faces import make_clip


def make_query(positions: Sequence[int] = range(5)) -> FaceQuery:
    """Five read-only frames of different sizes, with landmarks and boxes, for all but one box.

    Two drawn faces, one of them off the centre of a wide image; noise; a black image; and one
    that is too small for a face.

    Args:
        positions: which of the frames, in which order.
    """
    frames, points = _frames()
    boxes = [(3.0, 2.0, 90.0), (60.5, 20.25, 80.0), (-4.0, 0.0, 64.0), None, (0.0, 0.0, 6.0)]
    item = Item("query", None, None, "nir", frames=len(frames))
    return FaceQuery(
        item, list(positions), [_frozen(frames[k]) for k in positions],
        landmarks=_frozen(points[list(positions)]), boxes=[boxes[k] for k in positions],
    )


class DetectorConformance(ComponentConformance):
    """Checks the detector on five small frames.

    A detector that needs a package or weights that are not here is skipped visibly: announce the
    package in `needs`, and raise MissingWeightsError for weights.
    """

    kind: ClassVar[Kind] = "detector"

    def opened(self) -> Any:
        """A fresh detector, opened with this machine's folder of pretrained weights."""
        detector = self.make()
        try:
            detector.open(home.weights())
        except MissingWeightsError as error:
            pytest.skip(f"{self.component} has no weights here: {error}")
        except MissingError as error:
            needs = self.owned().component.needs if self.component else ()
            if all(find_spec(name) for name in needs):
                raise
            pytest.skip(f"{self.component} lacks a package here: {error}")
        return detector

    def answers(self, query: FaceQuery) -> list[Face | None]:
        """The faces that a newly opened detector finds."""
        return list(self.opened().find(query))

    def test_has_the_protocol(self) -> None:
        """`exact`, `looks`, `open` and `find` are there."""
        detector = self.make()
        assert isinstance(detector, Detector), "exact, looks, open or find is missing"
        for name in ("exact", "looks"):
            assert isinstance(getattr(detector, name), bool), f"{name} is True or False"

    def test_opening_loads_or_says_what_is_missing(self, tmp_path: Path) -> None:
        """With an empty folder of weights it opens, or names what is missing in one line."""
        folder = tmp_path / "weights"
        folder.mkdir()
        try:
            self.make().open(folder)
        except MissingError as error:
            assert error.message, "the MissingError says not what is missing"
            assert error.hint, f"{error.message}: say where to get it and where to put it"
            assert "\n" not in str(error), f"more than one line: {error}"
        left = [path.name for path in folder.iterdir()]
        assert not left, f"opening wrote {left} into the folder of weights: download nothing"

    def test_one_answer_per_frame(self) -> None:
        """A Face or None for each frame, in order; no frames, no answers."""
        query = make_query()
        answers = self.answers(query)
        assert len(answers) == len(query.frames), (
            f"{len(answers)} answers for {len(query.frames)} frames"
        )
        for answer in answers:
            assert answer is None or isinstance(answer, Face), f"{answer!r} is no Face and not None"
        assert list(self.opened().find(make_query([]))) == [], "no frames have no faces"

    def test_faces_have_an_extent(self) -> None:
        """Finite numbers, left < right, top < bottom; a square where `exact`; 68 landmarks."""
        detector = self.opened()
        for face in filter(None, detector.find(make_query())):
            edges = (face.left, face.top, face.right, face.bottom)
            assert np.isfinite(edges).all(), f"{edges} is not finite"
            assert face.left < face.right, f"left {face.left} is not below right {face.right}"
            assert face.top < face.bottom, f"top {face.top} is not below bottom {face.bottom}"
            wide, tall = face.right - face.left, face.bottom - face.top
            if detector.exact:
                assert np.isclose(wide, tall), f"exact, but {wide} x {tall} is no square"
            if face.landmarks is not None:
                shape = np.shape(face.landmarks)
                assert shape == (68, 2), f"landmarks have shape {shape}, not (68, 2)"
                assert np.isfinite(face.landmarks).all(), "landmarks are not finite"

    def test_frames_are_left_alone(self) -> None:
        """The caller's pixels, landmarks and boxes are not changed."""
        query = make_query()
        before = [frame.copy() for frame in query.frames]
        points, boxes = np.copy(_points(query)), list(query.boxes or ())
        self.answers(query)
        for frame, old in zip(query.frames, before, strict=True):
            assert np.array_equal(frame, old), "a frame was written into: work on a copy"
        assert np.array_equal(_points(query), points), "the landmarks were written into"
        assert list(query.boxes or ()) == boxes, "the boxes were changed"

    def test_the_same_answer_twice(self) -> None:
        """The same query gives the same faces again, also from a new instance."""
        detector = self.opened()
        first, again = (list(detector.find(make_query())) for _ in range(2))
        _assert_equal(first, again, "asked again")
        _assert_equal(first, self.answers(make_query()), "asked anew")

    def test_other_frames_do_not_matter(self) -> None:
        """A frame alone, or among others in another order, has the same face."""
        whole = self.answers(make_query())
        order = [3, 1, 4, 0, 2]
        mixed = self.answers(make_query(order))
        _assert_equal([whole[k] for k in order], mixed, "in another order")
        detector = self.opened()
        alone = [face for k in range(len(whole)) for face in detector.find(make_query([k]))]
        _assert_equal(whole, alone, "alone")

    def test_the_face_is_one_of_all(self) -> None:
        """Where there is `find_all`, it lists the face of `find`, and none where that has none."""
        detector: Any = self.opened()
        query = make_query()
        find_all = detector.find_all if isinstance(detector, FaceLister) else None
        if find_all is None:
            return
        listed = list(find_all(query))
        assert len(listed) == len(query.frames), f"{len(listed)} answers, not {len(query.frames)}"
        for number, (face, faces) in enumerate(zip(detector.find(query), listed, strict=True)):
            assert (face is None) == (not faces), f"frame {number}: {face}, but all are {faces}"
            known = [_facts(each) for each in faces]
            assert face is None or _facts(face) in known, f"frame {number}: {face} not in {faces}"

    def test_who_does_not_look_needs_no_pixels(self) -> None:
        """With `looks` False, other pixels of the same sizes change no answer."""
        detector = self.opened()
        if detector.looks:
            return
        query = make_query()
        other = replace(query, frames=[_frozen(255 - frame) for frame in query.frames])
        _assert_equal(
            list(detector.find(query)), list(detector.find(other)), "with other pixels"
        )


@cache
def _frames() -> tuple[tuple[NDArray[Any], ...], NDArray[Any]]:
    random = np.random.default_rng(3)
    face = make_clip(1, "happiness", "nir", size=96)
    wide = np.full((120, 200, 3), 30, np.uint8)
    wide[20:116, 60:156] = make_clip(2, "fear", "nir", size=96).frames[0]
    frames = (
        face.frames[0], wide, random.integers(0, 256, (64, 80, 3), np.uint8),
        np.zeros((72, 72, 3), np.uint8), np.full((9, 14, 3), 128, np.uint8),
    )
    known = np.asarray(face.landmarks)[0]
    scales = [1.0, 1.0, 0.6, 0.7, 0.1]
    return frames, np.stack([known * scale for scale in scales])


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array = array.copy()
    array.flags.writeable = False
    return array


def _points(query: FaceQuery) -> NDArray[Any]:
    return np.asarray(query.landmarks)


def _assert_equal(
    expected: Sequence[Face | None], found: Sequence[Face | None], when: str
) -> None:
    assert len(expected) == len(found), f"{when}: {len(found)} answers, not {len(expected)}"
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        assert _facts(one) == _facts(other), f"{when}, frame {number} gives {other}, not {one}"


def _facts(face: Face | None) -> tuple[Any, ...] | None:
    if face is None:
        return None
    points = None if face.landmarks is None else np.asarray(face.landmarks).tolist()
    return face.left, face.top, face.right, face.bottom, points
