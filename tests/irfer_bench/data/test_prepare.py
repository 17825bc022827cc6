"""From the owner's pictures to clips: crop, depth, size, landmarks, ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from irfer_bench.data.prepare import Given, Rules, prepare
from irfer_bench.errors import ContractError, DamagedError, MissingError, UsageError
from irfer_bench.params import Params
from irfer_bench.values import Clip, Face, FaceQuery, Item
from irfer_detectors.plain import Landmarks


class Pictures:
    """A dataset of arrays: (T, H, W) or (T, H, W, 3), by item id."""

    def __init__(self, arrays: dict[str, Any], landmarks: dict[str, Any] | None = None) -> None:
        self.arrays, self.landmarks = arrays, landmarks or {}
        self.read_frames = 0

    def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
        positions = list(range(item.frames)) if frames is None else list(frames)
        self.read_frames += len(positions)
        points = self.landmarks.get(item.id)
        audio = np.arange(5, dtype=np.float32)
        return Clip(
            id=item.id,
            frames=np.stack([self.arrays[item.id][p] for p in positions]),
            spectrum=item.spectrum,
            fps=25.0,
            audio=audio,
            sample_rate=8000,
            landmarks=None if points is None else points[positions],
        )


def item(name: str = "a", frames: int = 1, **more: Any) -> Item:
    files = tuple(f"{name}{k}" for k in range(frames))
    return Item(
        **{
            "id": name,
            "label": "fear",
            "subject": "s",
            "spectrum": "nir",
            "files": files,
            "frames": frames,
        }
        | more
    )


def run(arrays: dict[str, Any], items: Sequence[Item], rules: Rules, **more: Any) -> list[Clip]:
    dataset = Pictures(arrays, more.pop("landmarks_of", None))
    given_ = Given(more.pop("landmarks", {}), more.pop("boxes", None))
    detector = more.pop("detector", Landmarks(Params()) if rules.detector == "landmarks" else None)
    return list(
        prepare(dataset, None, items, rules, detector=detector, given=given_, **more)  # type: ignore[arg-type]
    )


def noise(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_without_a_detector_the_centre_square_is_resized_once_with_antialias() -> None:
    picture = noise(1, 24, 40, 3)
    (clip,) = run({"a": picture}, [item()], Rules(size=16))
    expected = Image.fromarray(picture[0][:, 8:32]).resize((16, 16), Image.Resampling.BICUBIC)
    assert (clip.frames[0] == np.asarray(expected)).all() and clip.frames.dtype == np.uint8


def test_a_square_of_the_stored_size_is_not_touched() -> None:
    picture = noise(1, 16, 16, 3)
    (clip,) = run({"a": picture}, [item()], Rules(size=16))
    assert (clip.frames == picture).all()


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 16, 16, 1)])
def test_grey_becomes_three_equal_channels(shape: tuple[int, ...]) -> None:
    (clip,) = run({"a": noise(*shape)}, [item()], Rules(size=8))
    assert clip.frames.shape == (1, 8, 8, 3)
    assert (clip.frames[..., 0] == clip.frames[..., 1]).all()
    assert (clip.frames[..., 0] == clip.frames[..., 2]).all()


def test_one_clip_per_frame_is_numbered_from_the_end_and_so_are_pairs() -> None:
    frames = np.stack([np.full((8, 8), 10 * k, np.uint8) for k in range(5)])
    clips = run({"a": frames}, [item(frames=5, pair="p")], Rules(frames="last(2)", size=8))
    assert [(c.id, c.pair, int(c.frames[0, 0, 0, 0])) for c in clips] == [
        ("a.1", "p.1", 30),
        ("a.0", "p.0", 40),
    ]
    assert {(c.label, c.subject, c.fps, c.audio) for c in clips} == {("fear", "s", None, None)}


def test_a_whole_item_keeps_its_name_sound_and_rate() -> None:
    (clip,) = run({"a": noise(5, 8, 8)}, [item(frames=5)], Rules(unit="item", size=8))
    assert clip.id == "a" and clip.frames.shape == (5, 8, 8, 3)
    assert clip.fps == 25.0 and clip.audio is not None and clip.sample_rate == 8000
    (clip,) = run(
        {"a": noise(5, 8, 8)}, [item(frames=5)], Rules(unit="item", size=8, frames="uniform(8)")
    )
    assert clip.frames.shape == (8, 8, 8, 3) and clip.fps is None


def test_frames_of_one_sequence_may_differ_in_size() -> None:
    frames = [noise(20, 20), noise(30, 26)]
    clips = run({"a": frames}, [item(frames=2)], Rules(size=8))
    assert [clip.frames.shape for clip in clips] == [(1, 8, 8, 3)] * 2


def test_only_the_picked_frames_are_decoded() -> None:
    dataset = Pictures({"a": noise(50, 8, 8)})
    list(prepare(dataset, None, [item(frames=50)], Rules(frames="last(3)", size=8)))  # type: ignore[arg-type]
    assert dataset.read_frames == 3


def test_sixteen_bits_by_the_percentiles_of_the_whole_sequence_and_recorded() -> None:
    deep = np.linspace(27000, 31000, 10 * 64).reshape(10, 8, 8).astype(np.uint16)
    facts: dict[str, Any] = {}
    clips = run(
        {"a": deep}, [item(frames=10)], Rules(frames="last(1)", size=8), record=facts.__setitem__
    )
    low, high = np.percentile(deep, (1, 99))
    assert facts["a"]["range_16bit"] == [low, high]
    expected = np.floor(np.clip((deep[9] - low) / (high - low), 0, 1) * 255 + 0.5)
    assert np.abs(clips[0].frames[0, ..., 0] - expected).max() <= 1


def test_sixteen_bits_by_the_settings_fixed_range() -> None:
    deep = np.array([[[0, 1000], [2000, 65535]]], np.uint16)
    (clip,) = run({"a": deep}, [item()], Rules(size=2, range_16bit=(1000, 2000)))
    assert clip.frames[0, ..., 0].tolist() == [[0, 0], [255, 255]]


def square_face(x: float, y: float, side: float) -> Any:
    """68 points whose extent is the square from (x, y)."""
    corners = np.array([[x, y], [x + side, y + side]])
    inner = np.full((66, 2), (x + side / 2, y + side / 2))
    return np.concatenate([corners, inner]).astype(np.float32)[None]


@given(st.integers(0, 60), st.integers(0, 60), st.integers(12, 40), st.sampled_from([16, 32, 64]))
def test_landmarks_move_with_the_pixels(x: int, y: int, side: int, size: int) -> None:
    picture = np.zeros((1, 100, 100), np.uint8)
    picture[0, y : y + side, x : x + side] = 255
    points = square_face(x, y, side)
    (clip,) = run(
        {"a": picture},
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
    picture = np.full((1, 40, 40), 77, np.uint8)
    (clip,) = run(
        {"a": picture},
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


def test_generated_stills_are_drawn_many_at_a_time() -> None:
    class Generated(Pictures):
        asked: ClassVar[list[int]] = []

        def read_many(self, items: Sequence[Item]) -> list[Clip]:
            self.asked.append(len(items))
            return [self.read(None, one) for one in items]

    names = [f"i{k:03d}" for k in range(300)]
    dataset = Generated({name: noise(1, 8, 8, seed=k) for k, name in enumerate(names)})
    items = [item(name, files=()) for name in names]
    clips = list(prepare(dataset, None, items, Rules(size=8)))  # type: ignore[arg-type]
    assert dataset.asked == [256, 44]
    assert all(
        (c.frames[0, ..., 0] == dataset.arrays[n][0]).all()
        for c, n in zip(clips, names, strict=True)
    )


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


def test_what_a_dataset_may_not_return() -> None:
    for array in (np.zeros((1, 8, 8), np.float32), np.zeros((1, 8), np.uint8)):
        with pytest.raises(ContractError):
            run({"a": array}, [item()], Rules(size=8))
    with pytest.raises(DamagedError, match="has no frames"):
        run({"a": noise(1, 8, 8)}, [item(frames=0)], Rules(size=8))


def test_a_reader_that_fails_names_the_item_and_what_to_do() -> None:
    class Broken(Pictures):
        def read(self, root: Path | None, item: Item, frames: Sequence[int] | None = None) -> Clip:
            raise OSError("truncated")

    with pytest.raises(DamagedError, match=r"a cannot be read \(a0…: truncated\).*data check"):
        list(prepare(Broken({}), None, [item()], Rules()))  # type: ignore[arg-type]


class Seer:
    """Finds a face of 10 pixels at the brightest spot; none in a black picture."""

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


def test_a_registered_partner_is_looked_at_in_the_visible_picture() -> None:
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
