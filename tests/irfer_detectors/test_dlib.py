"""dlib: a photograph, what is missing, the terms, and clips that keep the landmarks."""

from __future__ import annotations

import importlib.util
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from irfer_bench.api import Clip, DamagedError, Item, MissingError, Params
from irfer_bench.data.preparation.prepare import prepare
from irfer_bench.data.preparation.rules import Rules
from irfer_bench.nn import dlib_faces
from irfer_bench.testing.faces import make_clip
from irfer_detectors.dlib_faces import Dlib
from tests.irfer_detectors.queries import assert_portrait_found, blank, portrait, query

REAL = pytest.mark.skipif(
    find_spec("dlib") is None or find_spec("face_recognition_models") is None,
    reason="dlib is not installed (pip install 'irfer-bench[faces]')",
)
EYES = {36: (195.0, 101.0), 45: (257.0, 104.5)}
"""Outer eye corners of the portrait, by eye."""


@pytest.fixture(scope="module")
def detector() -> Dlib:
    made = Dlib(Params())
    made.open(Path("nowhere"))
    return made


def absent(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        dlib_faces, "find_spec", lambda name: None if name == package else real(name)
    )


@pytest.mark.parametrize("package", ["dlib", "face_recognition_models"])
def test_a_missing_package_is_an_error_that_names_the_extra(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if package != "dlib":
        monkeypatch.setitem(sys.modules, "dlib", sys)
    absent(monkeypatch, package)
    with pytest.raises(MissingError, match=r"'dlib'.*pip install 'irfer-bench\[faces\]'") as error:
        Dlib(Params()).open(tmp_path)
    assert error.value.exit_code == 3


@REAL
def test_another_predictor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shape_predictor_68_face_landmarks.dat").write_bytes(b"something else")
    with pytest.raises(DamagedError, match="is not shape_predictor_68_face_landmarks"):
        Dlib(Params()).open(tmp_path)


@REAL
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_portraits_face_and_its_eyes_are_found(detector: Dlib, scale: float) -> None:
    side = round(512 * scale)
    image = np.asarray(Image.fromarray(portrait()).resize((side, side)))
    found, nothing = detector.find(query(image, blank()))
    assert nothing is None
    assert found is not None and found.landmarks is not None
    assert_portrait_found(found, scale)
    for number, known in EYES.items():
        assert np.abs(found.landmarks[number] / scale - known).max() < 4
    assert (found.left, found.bottom) == (
        found.landmarks[:, 0].min(), found.landmarks[:, 1].max()
    )


@REAL
@pytest.mark.parametrize("spectrum", ["vis", "nir"])
def test_landmarks_of_drawn_faces_lie_on_the_known_ones(detector: Dlib, spectrum: Any) -> None:
    clip = make_clip(3, "happiness", spectrum, size=96)
    assert clip.landmarks is not None
    (face,) = detector.find(query(clip.frames[0]))
    assert face is not None and face.landmarks is not None
    known = clip.landmarks[0]
    error = np.linalg.norm(face.landmarks - known, axis=1).mean()
    assert error < 0.15 * np.linalg.norm(known[36] - known[45])


@REAL
def test_the_terms_are_printed_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path))
    dlib_faces.state_terms()
    dlib_faces.state_terms()
    (line,) = capsys.readouterr().err.splitlines()
    assert "300-W" in line and "excludes commercial use" in line


class Album:
    """A dataset of the portrait alone."""

    def read(self, root: Any, item: Item, frames: Any = None) -> Clip:
        return Clip(id=item.id, frames=portrait()[None], spectrum="nir")


@REAL
def test_prepared_clips_carry_the_landmarks(detector: Dlib) -> None:
    """They are what NFER-SDE's landmark network is trained on."""
    item = Item("a", "anger", "s", "nir", files=("a.png",))
    rules = Rules(detector="dlib", size=64)
    (clip,) = prepare(Album(), Path(), [item], rules, detector=detector)  # type: ignore[arg-type]
    assert clip.landmarks is not None and clip.landmarks.shape == (1, 68, 2)
    assert clip.landmarks.min() > 0 and clip.landmarks.max() < 64
    extent = clip.landmarks[0].max(axis=0) - clip.landmarks[0].min(axis=0)
    assert extent.max() == pytest.approx(64 / 1.3, rel=0.03)
