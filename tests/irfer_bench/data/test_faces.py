"""Crops by a detector: boxes, frames without a face, partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from irfer_bench.contracts.params import Params
from irfer_bench.contracts.values import Face, FaceQuery, Item
from irfer_bench.data.boxes import EVERY, crops_digest
from irfer_bench.data.preparation.prepare import Rules
from irfer_bench.errors import ContractError, DamagedError
from irfer_detectors.plain import Boxes
from tests.irfer_bench.data.arrays import item, run


class Seer:
    """Finds a face of 10 pixels at the brightest spot; none in a black image."""

    exact, looks = False, True

    def __init__(self) -> None:
        self.seen: list[str] = []

    def open(self, weights: Path) -> None: ...

    def find(self, query: FaceQuery) -> list[Face | None]:
        self.seen.append(query.item.id)
        return [self._one(frame) for frame in query.frames]

    def _one(self, frame: Any) -> Face | None:
        if not frame.any():
            return None
        y, x, _ = np.unravel_index(frame.argmax(), frame.shape)
        return Face(x - 5, y - 5, x + 5, y + 5)


def spots(*places: tuple[int, int] | None) -> Any:
    frames = np.zeros((len(places), 60, 60, 3), np.uint8)
    for frame, place in zip(frames, places, strict=True):
        if place is not None:
            frame[place[1], place[0]] = 255
    return frames


SEEN = Rules(detector="seer", crop=1.2, size=12)


def facts_of(arrays: dict[str, Any], items: Sequence[Item], rules: Rules, **more: Any) -> Any:
    facts: dict[str, Any] = {}
    clips = run(
        arrays, items, rules, **({"detector": Seer()} | more), record=facts.__setitem__
    )
    return clips, facts


def test_a_detectors_box_is_squared_enlarged_and_recorded() -> None:
    (clip,), facts = facts_of({"a": spots((30, 20))}, [item()], SEEN)
    assert facts["a"] == {"positions": [0], "boxes": [[24, 14, 12]]}
    assert clip.frames[0, 6, 6].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("rule", "ids", "box"), [("whole", ["a.1", "a.0"], [0, 0, 60]), ("drop", ["a.0"], None)]
)
def test_a_frame_without_a_face_is_taken_whole_or_dropped_and_listed(
    rule: Any, ids: list[str], box: Any
) -> None:
    clips, facts = facts_of(
        {"a": spots(None, (30, 20))},
        [item(frames=2)],
        Rules(detector="seer", crop=1.2, size=12, no_face=rule),
    )
    assert [clip.id for clip in clips] == ids
    assert facts["a"]["no_face"] == [0] and facts["a"]["boxes"][0] == box


def test_no_face_may_be_an_error() -> None:
    rules = Rules(detector="seer", no_face="fail")
    with pytest.raises(DamagedError, match="no face found in a by seer; give its box"):
        facts_of({"a": spots(None)}, [item()], rules)


def test_a_clip_has_one_box_around_all_its_faces() -> None:
    rules = Rules(detector="seer", crop=1.0, size=20, unit="item")
    (clip,), facts = facts_of({"a": spots((20, 20), None, (30, 25))}, [item(frames=3)], rules)
    assert facts["a"]["boxes"] == [[15, 13, 20]] * 3 and facts["a"]["no_face"] == [1]
    assert clip.frames.shape == (3, 20, 20, 3)
    clips, facts = facts_of(
        {"a": spots(None, None)},
        [item(frames=2)],
        Rules(detector="seer", unit="item", no_face="drop"),
    )
    assert clips == [] and facts["a"]["boxes"] == [None, None]


def test_a_registered_partner_is_looked_at_in_the_visible_image() -> None:
    vis, nir = item("v", spectrum="vis", pair="p"), item("n", pair="p")
    arrays = {"v": spots((20, 20)), "n": spots((40, 40))}
    seer = Seer()
    _, facts = facts_of(arrays, [nir], SEEN, detector=seer, partners=[vis, nir])
    assert facts["n"]["boxes"] == [[14, 14, 12]] and seer.seen == ["v"]
    weak = replace(nir, weak_pair=True)
    _, facts = facts_of(arrays, [weak], SEEN, partners=[replace(vis, weak_pair=True), weak])
    assert facts["n"]["boxes"] == [[34, 34, 12]]


def test_a_detector_that_answers_too_little_is_named() -> None:
    class Mute(Seer):
        def find(self, query: FaceQuery) -> list[Face | None]:
            return []

    with pytest.raises(ContractError, match="detector 'seer' answered 0 times for 1 frames of a"):
        facts_of({"a": spots(None)}, [item()], SEEN, detector=Mute())


def squares_of(boxes: dict[str, Any], items: Sequence[Item], **more: Any) -> dict[str, Any]:
    rules = Rules(detector="boxes", size=8, **more)
    arrays = {each.id: [np.zeros((40, 60), np.uint8)] * each.frames for each in items}
    _, facts = facts_of(arrays, items, rules, detector=Boxes(Params()), boxes=boxes)
    return {name: own["boxes"] for name, own in facts.items()}


def test_an_items_own_box_wins_over_its_partners_which_serves_where_it_has_none() -> None:
    pair = [item("v", spectrum="vis", pair="p"), item("n", pair="p")]
    both = {"v": {EVERY: (1, 2, 9)}, "n": {EVERY: (3, 4, 9)}}
    assert squares_of(both, pair) == {"v": [[1, 2, 9]], "n": [[3, 4, 9]]}
    del both["n"]
    assert squares_of(both, pair) == {"v": [[1, 2, 9]], "n": [[1, 2, 9]]}


def test_exact_squares_of_a_clip_stay_each_its_own_and_the_first_fills_gaps() -> None:
    boxes = {"a": {0: (1, 2, 9), 2: (3, 4, 9)}}
    (made,) = squares_of(boxes, [item("a", frames=3)], unit="item").values()
    assert made == [[1, 2, 9], [1, 2, 9], [3, 4, 9]]


@pytest.mark.parametrize(
    "box", [(60, 0, 9), (0, 40, 9), (-9, 0, 9), (0, -9, 9), (0, 0, 601), (0, 0, 10**9)]
)
def test_a_square_that_shows_nothing_of_the_image_is_no_box(box: tuple[int, int, int]) -> None:
    says = r"square .* of a does not fit its image of 60 x 40 pixels; correct what boxes goes by"
    with pytest.raises(DamagedError, match=says):
        squares_of({"a": {EVERY: box}}, [item("a")])


def test_a_square_may_reach_over_the_border() -> None:
    assert squares_of({"a": {EVERY: (-8, -8, 9)}}, [item("a")]) == {"a": [[-8, -8, 9]]}


@given(st.lists(st.none() | st.tuples(*[st.integers(1, 30)] * 3), min_size=1, max_size=4))
def test_the_digest_of_crops_is_of_squares_alone(squares: list[Any]) -> None:
    facts: dict[str, Any] = {
        "a": {"positions": [*range(len(squares))], "boxes": [s and [*s] for s in squares]}
    }
    noted = {"a": facts["a"] | {"no_face": [0], "range_16bit": [1.0, 2.0]}}
    assert crops_digest(noted) == crops_digest(facts)
    moved = {"a": facts["a"] | {"positions": [p + 1 for p in facts["a"]["positions"]]}}
    assert crops_digest(moved) != crops_digest(facts) != crops_digest({"b": facts["a"]})
