"""Identity and landmarks of translated faces: values, lost faces, and what is missing."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import UnavailableError
from irfer_bench.testing.faces import make_clip
from irfer_metrics import faces
from tests.irfer_metrics.given import clip, inputs, make

REAL = pytest.mark.skipif(
    find_spec("dlib") is None or find_spec("face_recognition_models") is None,
    reason="dlib is not installed (pip install 'irfer-bench[faces]')",
)


def test_the_landmark_error_is_over_the_outer_eye_distance() -> None:
    true = np.zeros((68, 2), np.float32)
    true[36], true[45] = (10, 0), (50, 30)
    moved = true + np.array([3, 4], np.float32)
    assert faces.landmark_error(moved, true) == pytest.approx(5 / 50)


def given(*frames: tuple[Any, Any]) -> Any:
    """Pairs of (source, translation) frames."""
    return inputs(
        sources=[clip(source[None], str(k)) for k, (source, _) in enumerate(frames)],
        pairs=[(clip(made[None], str(k)), clip(made[None])) for k, (_, made) in enumerate(frames)],
    )


def drawn(subject: int, label: str = "happiness", spectrum: Any = "vis") -> Any:
    return make_clip(subject, label, spectrum, size=64).frames[0]


@REAL
def test_a_face_that_is_kept_and_one_that_is_lost() -> None:
    face, blank = drawn(1), np.full((64, 64, 3), 90, np.uint8)
    kept, lost = given((face, face)), given((face, face), (face, blank))
    for name, value in (("nme", 0.0), ("face_identity", 1.0), ("face_missed", 0.0)):
        assert make(name).compute(kept) == pytest.approx(value, abs=1e-6)
    assert make("nme").compute(lost) == 0, "a lost face is counted apart"
    assert make("face_missed").compute(lost) == 0.5
    assert make("face_missed").summands(lost).tolist() == [[0, 1], [1, 1]]  # type: ignore[attr-defined]
    assert make("nme").summands(lost).tolist() == [[0, 1], [0, 0]]  # type: ignore[attr-defined]


@REAL
def test_another_expression_moves_landmarks_and_leaves_the_person_nearer_than_another() -> None:
    same = given((drawn(1, "happiness"), drawn(1, "surprise")))
    assert make("nme").compute(same) > 0.02
    noisy = np.clip(drawn(1).astype(int) + 6, 0, 255).astype(np.uint8)
    near, far = given((drawn(1), noisy)), given((drawn(1), drawn(9, "anger", "lwir")))
    identity = make("face_identity")
    assert 1 > identity.compute(near) > identity.compute(far)


@REAL
def test_identity_of_the_source_and_of_the_true_image_are_two_values() -> None:
    """F(c) is once the true image and once the source, and the other is of another person."""
    source, true, blank = drawn(1), drawn(9, "anger"), np.full((64, 64, 3), 90, np.uint8)
    kept = inputs(sources=[clip(source[None])], pairs=[(clip(true[None]), clip(true[None]))])
    assert make("face_identity_true").compute(kept) == pytest.approx(1, abs=1e-6)
    assert make("face_identity").compute(kept) < 0.999
    unlike = inputs(sources=[clip(true[None])], pairs=[(clip(true[None]), clip(source[None]))])
    assert make("face_identity").compute(unlike) == pytest.approx(1, abs=1e-6)
    assert make("face_identity_true").compute(unlike) < 0.999
    lost = inputs(sources=[clip(true[None])], pairs=[(clip(blank[None]), clip(true[None]))])
    with pytest.raises(UnavailableError, match="no face is found"):
        make("face_identity_true").compute(lost)


@REAL
def test_no_face_anywhere_is_no_value() -> None:
    blank = np.full((64, 64, 3), 90, np.uint8)
    for name in ("nme", "face_identity", "face_identity_true", "face_missed"):
        with pytest.raises(UnavailableError, match="no face is found"):
            make(name).compute(given((blank, blank)))


def test_without_the_extra_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    faces._finder.cache_clear()
    for name in ("nme", "face_identity", "face_identity_true", "face_missed"):
        with pytest.raises(UnavailableError, match=r"pip install 'irfer-bench\[faces\]'"):
            make(name).compute(given((drawn(1), drawn(1))))


def test_the_network_is_named_in_the_version() -> None:
    from tests.irfer_metrics.given import COMPONENTS

    versions = {c.name: c.version for c in COMPONENTS}
    assert "dlib_face_recognition_resnet_model_v1" in versions["face_identity"]
    assert "inception_2015_12_05" in versions["kid"]
