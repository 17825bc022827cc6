"""What a record warns of, in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from irfer_bench.engine.results import _warnings

TITLE = "prepare toy nir main"


def warnings(kind: str = "prepare", audio: bool = False, **facts: Any) -> list[str]:
    """Of a record with one step whose artefact has these facts."""
    score: Any = SimpleNamespace(facts={"warnings": ["no clip of fear"]})
    data: Any = SimpleNamespace(incomplete=False)
    step: Any = SimpleNamespace(kind=kind, title=TITLE, spec=None)
    artefact: Any = SimpleNamespace(facts={"items": 8, **facts})
    first, *others = _warnings(score, data, [(step, artefact), (step, None)], audio)
    assert first == "no clip of fear"
    return others


def test_frames_without_a_face_and_clips_without_audio_are_counted() -> None:
    assert warnings(no_face=3) == [
        f"{TITLE}: no face found in 3 frames, which were taken whole"]
    assert warnings(no_face=0, without_audio=2, clips=8) == []
    lacking = warnings(without_audio=2, clips=8, audio=True)
    assert lacking == [f"{TITLE}: 2 of 8 clips have no audio"]
    assert warnings("translate", no_face=3) == []


def test_a_detector_that_skipped_frames_and_items_outside_the_classes_are_said() -> None:
    assert warnings(every=1) == []
    (said,) = warnings(every=5)
    assert "every frame number 5 and the last" in said
    (said,) = warnings(outside={"contempt": 2})
    assert "2 of 10 items (" in said and "contempt" in said


def test_classes_without_a_training_clip_are_named() -> None:
    assert warnings("fit_recognizer", absent=["fear", "anger"]) == [
        f"{TITLE}: no training clip of fear, anger"]
