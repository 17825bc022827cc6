"""The suite for detectors finds what it is for: each flaw fails the check meant for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.contracts.values import Face
from irfer_bench.errors import MissingError, MissingWeightsError
from irfer_bench.testing.conformance import DetectorConformance
from tests.conformance.test_suites_catch_methods import UNANNOUNCED, checks, suite_of


class Brightest:
    """A faultless detector: the square around the brightest pixel; none in a small image."""

    exact = True
    looks = True

    def open(self, weights: Path) -> None:
        self.side = 20

    def find(self, query: Any) -> Any:
        return [self.face(frame) if min(frame.shape[:2]) > 20 else None for frame in query.frames]

    def face(self, frame: Any) -> Any:
        y, x = np.unravel_index(frame[..., 0].argmax(), frame.shape[:2])
        return Face(float(x), float(y), float(x + self.side), float(y + self.side))


class NoExact(Brightest):
    exact: Any = None


class FirstOnly(Brightest):
    def find(self, query: Any) -> Any:
        return super().find(query)[:1]


class OfNothing(Brightest):
    def find(self, query: Any) -> Any:
        return super().find(query) or [None]


class Tuples(Brightest):
    def face(self, frame: Any) -> Any:
        made = super().face(frame)
        return made.left, made.top, made.right, made.bottom


class Infinite(Brightest):
    def face(self, frame: Any) -> Any:
        return replace(super().face(frame), right=float("inf"))


class Reversed(Brightest):
    def face(self, frame: Any) -> Any:
        made = super().face(frame)
        return replace(made, left=made.right, right=made.left)


class Oblong(Brightest):
    def face(self, frame: Any) -> Any:
        made = super().face(frame)
        return replace(made, bottom=made.bottom + 9)


class FivePoints(Brightest):
    def face(self, frame: Any) -> Any:
        return replace(super().face(frame), landmarks=np.zeros((5, 2)))


class Scribbler(Brightest):
    def face(self, frame: Any) -> Any:
        frame[0, 0] = 255
        return super().face(frame)


class Unlocking(Brightest):
    def face(self, frame: Any) -> Any:
        frame.flags.writeable = True
        frame[:8] = 255 - frame[:8]
        return super().face(frame)


class Drifting(Brightest):
    def find(self, query: Any) -> Any:
        self.side += 1
        return super().find(query)


class Random(Brightest):
    def open(self, weights: Path) -> None:
        self.side = int(np.random.default_rng().integers(20, 1_000_000_000))


class Tracking(Brightest):
    """It starts from where the frame before had its face."""

    def find(self, query: Any) -> Any:
        found: list[Any] = []
        for face in super().find(query):
            last = found[-1] if found else None
            found.append(replace(face, top=last.top, bottom=last.bottom) if last and face else face)
        return found


class Peeking(Brightest):
    looks = False


class Downloading(Brightest):
    def open(self, weights: Path) -> None:
        super().open(weights)
        (weights / "net.pt").write_bytes(b"from somewhere")


class Speechless(Brightest):
    def open(self, weights: Path) -> None:
        raise MissingError("weights are missing")


FLAWED = {
    NoExact: "has_the_protocol",
    FirstOnly: "one_answer_per_frame",
    OfNothing: "one_answer_per_frame",
    Tuples: "one_answer_per_frame",
    Infinite: "faces_have_an_extent",
    Reversed: "faces_have_an_extent",
    Oblong: "faces_have_an_extent",
    FivePoints: "faces_have_an_extent",
    Scribbler: "frames_are_left_alone",
    Unlocking: "frames_are_left_alone",
    Drifting: "the_same_answer_twice",
    Random: "the_same_answer_twice",
    Tracking: "other_frames_do_not_matter",
    Peeking: "who_does_not_look_needs_no_pixels",
}


def run(detector: Any, check: str, *more: Any) -> None:
    getattr(suite_of(DetectorConformance, detector), f"test_{check}")(*more)


def test_a_faultless_detector_passes(tmp_path: Path) -> None:
    for name in checks(DetectorConformance):
        if not name.startswith(tuple(f"test_{part}" for part in UNANNOUNCED)):
            run(Brightest, name.removeprefix("test_"), *([tmp_path] if "opening" in name else []))


@pytest.mark.parametrize("flawed, check", FLAWED.items(), ids=lambda value: str(value))
def test_a_flawed_detector_fails(flawed: type, check: str) -> None:
    with pytest.raises((AssertionError, ValueError)):
        run(flawed, check)


@pytest.mark.parametrize("flawed", [Downloading, Speechless])
def test_opening_neither_downloads_nor_stays_vague(flawed: type, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"download nothing|where to get it"):
        run(flawed, "opening_loads_or_says_what_is_missing", tmp_path)


def test_absent_weights_are_a_visible_skip_and_other_absences_are_not() -> None:
    class NeedsWeights(Brightest):
        def open(self, weights: Path) -> None:
            raise MissingWeightsError("net.pt is not here", "put it there")

    with pytest.raises(pytest.skip.Exception, match=r"net\.pt is not here"):
        run(NeedsWeights, "one_answer_per_frame")
    with pytest.raises(MissingError):
        run(Speechless, "one_answer_per_frame")
