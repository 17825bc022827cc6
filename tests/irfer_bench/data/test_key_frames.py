"""A detector that looks at every n-th frame, and the faces between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.contracts.values import Face, FaceQuery
from irfer_bench.data.preparation.key_frames import interpolate, key_frames
from irfer_bench.data.preparation.prepare import Rules
from tests.irfer_bench.data.arrays import item, run


@pytest.mark.parametrize(
    ("count", "every", "keys"),
    [(9, 4, [0, 4, 8]), (10, 4, [0, 4, 8, 9]), (3, 8, [0, 2]), (1, 8, [0]), (4, 1, [0, 1, 2, 3])],
)
def test_every_nth_frame_and_the_last_are_looked_at(
    count: int, every: int, keys: list[int]
) -> None:
    assert key_frames(count, every) == keys


def face(left: float, marked: bool = True) -> Face:
    points = np.full((68, 2), left, np.float32)
    return Face(left, 0, left + 10, 10, landmarks=points if marked else None)


def test_boxes_and_landmarks_move_linearly_with_the_position() -> None:
    positions = [0, 10, 40, 100]
    faces = interpolate([face(0), face(50)], [0, 3], positions)
    assert [f.left for f in faces if f] == [0, 5, 20, 50]
    assert [f.right for f in faces if f] == [10, 15, 30, 60]
    assert [float(f.landmarks[7, 0]) for f in faces if f] == [0, 5, 20, 50]
    faces = interpolate([face(0), face(50, marked=False)], [0, 3], positions)
    assert faces[1] is not None and faces[1].landmarks is None


def test_beside_a_frame_without_a_face_the_nearer_one_decides() -> None:
    faces = interpolate([face(0), None, face(8)], [0, 4, 6], list(range(7)))
    assert [None if f is None else f.left for f in faces] == [0, 0, None, None, None, 8, 8]


class Counter:
    """Finds a face at the brightest spot, and counts the frames it was shown."""

    exact, looks = False, True

    def __init__(self) -> None:
        self.shown: list[int] = []

    def open(self, weights: Path) -> None: ...

    def find(self, query: FaceQuery) -> list[Face | None]:
        self.shown += query.positions
        places = [np.unravel_index(f.argmax(), f.shape)[:2] for f in query.frames]
        return [Face(x - 5, y - 5, x + 5, y + 5) for y, x in places]


def moving(count: int) -> Any:
    frames = np.zeros((count, 60, 90, 3), np.uint8)
    for k in range(count):
        frames[k, 30, 20 + 2 * k] = 255
    return frames


def test_the_squares_of_a_steady_motion_are_those_of_every_frame() -> None:
    found = []
    for every, shown in ((1, list(range(17))), (8, [0, 8, 16])):
        counter, facts = Counter(), {}
        rules = Rules(detector="counter", size=12, crop=1.2, every=every)
        run(
            {"a": moving(17)}, [item(frames=17)], rules, detector=counter,
            record=facts.__setitem__,
        )
        assert counter.shown == shown
        found.append(facts["a"]["boxes"])
    assert found[0] == found[1]


def test_only_the_partners_key_frames_are_read_for_a_detector() -> None:
    from tests.irfer_bench.data.arrays import Images, prepare

    vis, nir = item("v", 17, spectrum="vis", pair="p"), item("n", 17, pair="p")
    images = Images({"v": moving(17), "n": moving(17)})
    rules = Rules(detector="counter", size=12, every=8)
    (*_,) = prepare(images, None, [nir], rules, detector=Counter(), partners=[vis, nir])  # type: ignore[arg-type]
    assert images.read_frames == 17 + 3
