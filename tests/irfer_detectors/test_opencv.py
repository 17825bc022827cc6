"""The Haar cascade on a photograph and on drawn faces."""

from __future__ import annotations

import builtins
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import DamagedError, Face, MissingError
from irfer_bench.registry import load
from irfer_detectors.choice import choose
from irfer_detectors.opencv import HaarCascade
from irfer_detectors.opencv_params import HaarCascadeParams
from tests.irfer_detectors.queries import assert_portrait_found, blank, portrait, query


def opened(folder: Path = Path("not there"), **params: Any) -> HaarCascade:
    made = HaarCascade(HaarCascadeParams(**params))
    made.open(folder)
    return made


def shrunk(image: Any, scale: float) -> Any:
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("scale", [0.35, 0.5, 1.0, 1.3])
@pytest.mark.parametrize("gain", [0.35, 1.0])
def test_the_portraits_face_is_found_in_all_sizes_and_in_dim_light(
    scale: float, gain: float
) -> None:
    image = (shrunk(portrait(), scale) * gain).astype(np.uint8)
    (face,) = opened().find(query(image))
    assert_portrait_found(face, scale)


@pytest.mark.parametrize("turns", [1, 3])
def test_no_face_is_seen_in_the_portrait_on_its_side(turns: int) -> None:
    assert opened().find(query(np.rot90(portrait(), turns))) == [None]


def test_nothing_is_seen_in_noise_and_in_plain_images() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    frames = [noise, blank(), np.zeros((96, 96, 3), np.uint8), blank(9, 14), blank(1, 1)]
    assert opened().find(query(*frames)) == [None] * 5


@cache
def drawn(spectrum: str) -> tuple[tuple[Any, Any], ...]:
    """Twenty faces of the embedded benchmark at 128 pixels with their landmarks."""
    registry = load()
    component = registry.get("dataset", "synth")
    dataset = registry.create(component, registry.params_class(component)(size=128))
    items = [
        item for item in dataset.index(None)
        if (item.spectrum, item.lighting, item.frames) == (spectrum, "normal", 1)
    ]
    clips = [dataset.read(None, item) for item in items[:: len(items) // 20][:20]]
    return tuple((clip.frames[0], clip.landmarks[0]) for clip in clips)


@pytest.mark.parametrize(("spectrum", "enough"), [("nir", 19), ("vis", 14)])
def test_drawn_faces_are_found_where_their_landmarks_are(spectrum: str, enough: int) -> None:
    detector = opened()
    hits = 0
    for frame, points in drawn(spectrum):
        (face,) = detector.find(query(frame))
        if face is not None:
            low, high = points.min(axis=0), points.max(axis=0)
            middle = np.array([face.left + face.right, face.top + face.bottom]) / 2
            hits += bool((abs(middle - (low + high) / 2) < (high - low).max() / 4).all())
    assert hits >= enough


def test_equalisation_is_what_finds_faces_in_the_dark() -> None:
    dark = (portrait() * 0.04).astype(np.uint8)
    (face,) = opened().find(query(dark))
    assert_portrait_found(face)
    assert opened(equalise=False).find(query(dark)) == [None]


def test_the_largest_wins_and_of_equals_the_most_central() -> None:
    assert choose([(0, 0, 9, 9), (50, 50, 60, 60)], (100, 100)) == (50, 50, 60, 60)
    assert choose([(0, 0, 10, 10), (44, 40, 54, 50), (80, 0, 90, 10)], (100, 100)) == (
        44, 40, 54, 50,
    )
    image = np.concatenate([portrait()[:300], shrunk(portrait(), 1.2)[:300]], axis=1)
    (face,) = opened(min_size=0.1).find(query(image))
    assert face is not None and face.left > 512, "the larger copy stands on the right"


def test_a_face_below_the_smallest_size_is_not_looked_for() -> None:
    small = blank(600, 600)
    small[200:456, 200:456] = shrunk(portrait(), 0.5)
    (face,) = opened(min_size=0.07).find(query(small))
    assert face is not None
    assert opened(min_size=0.3).find(query(small)) == [None]


def test_both_cascades_ship_with_opencv() -> None:
    (face,) = opened(cascade="default").find(query(portrait()))
    assert_portrait_found(face)


def test_another_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "haarcascade_frontalface_alt2.xml").write_text("<opencv_storage/>")
    with pytest.raises(DamagedError, match="is not OpenCV's cascade alt2"):
        opened(tmp_path)


def test_without_opencv_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *more: Any) -> Any:
        if name == "cv2":
            raise ImportError("No module named 'cv2'")
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingError, match="pip install 'opencv-python-headless<5'"):
        opened()


def test_a_view_of_a_larger_array_is_read_as_it_is() -> None:
    """Crops, flips and video planes come as strided views."""
    image = portrait()
    straight = opened().find(query(np.ascontiguousarray(image[:300, 50:400])))
    assert straight == opened().find(query(image[:300, 50:400]))
    assert isinstance(straight[0], Face)
