"""Clips that are too short, too long, without audio or damaged, for every recognizer of audio."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import DamagedError
from irfer_bench.cli import main
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_dynamic.mma_dfer import MMADFERRecognizer
from irfer_dynamic.unimodal import AudioOnlyRecognizer, VisionOnlyRecognizer
from irfer_dynamic.unimodal_params import AudioOnlyParams, VisionOnlyParams
from tests.irfer_datasets.dfew_tree import dfew_tree
from tests.irfer_dynamic.voices import clip, clips, mma, tone, training

SMALL = {"size": 16, "frames": 2, "window": 32, "epochs": 1, "batch": 4, "weights": "none"}


def vision_only(**given: Any) -> VisionOnlyRecognizer:
    return VisionOnlyRecognizer(
        resolve(VisionOnlyParams, component="vision_only", preset="quick", given=SMALL | given))


def audio_only(**given: Any) -> AudioOnlyRecognizer:
    return AudioOnlyRecognizer(
        resolve(AudioOnlyParams, component="audio_only", preset="quick", given=SMALL | given))


@pytest.fixture(scope="module")
def fitted() -> MMADFERRecognizer:
    recognizer = mma()
    recognizer.fit(training(clips(6)), MemoryContext())
    return recognizer


@pytest.mark.parametrize("frames", [1, 2, 7, 15])
@pytest.mark.parametrize("count", [1, 2])
def test_clips_of_few_frames_are_scored(
    frames: int, count: int, fitted: MMADFERRecognizer
) -> None:
    recognizer = mma(test_clips=count)
    recognizer.restore(fitted.state())
    scores = recognizer.predict(clips(2, frames=frames), MemoryContext())
    assert np.isfinite(scores).all()
    mma().fit(training(clips(4, frames=frames)), MemoryContext())


@pytest.mark.parametrize("make", [mma, vision_only, audio_only])
def test_two_clips_of_too_few_frames_are_one_clip_twice_and_counted(make: Any) -> None:
    """Two clips of 4 frames take 8: a video of 7 gives the clip that it gives alone."""
    one, two = make(frames=4), make(frames=4, test_clips=2)
    one.fit(training(clips(6)), MemoryContext())
    two.restore(one.state())
    short, long, context = clips(3, frames=7), clips(3, frames=8), MemoryContext()
    assert np.allclose(two.predict(short, context), one.predict(short, MemoryContext()), atol=1e-6)
    seen = make is not audio_only
    assert context.reports.get("videos_scored_by_one_clip") == (3 if seen else None)
    alone, both = one.predict(long, MemoryContext()), two.predict(long, context)
    assert np.allclose(both, alone, atol=1e-6) != seen
    assert context.reports.get("videos_scored_by_one_clip") == (0 if seen else None)
    assert (one.frames_taken, two.frames_taken) == ((4, 8) if seen else (0, 0))


def test_of_ten_thousand_frames_the_sampled_ones_are_read(fitted: MMADFERRecognizer) -> None:
    read: list[Any] = []

    class Frames(np.ndarray):  # type: ignore[type-arg]
        def __getitem__(self, index: Any) -> Any:
            read.extend(np.asarray(index).tolist())
            return np.asarray(self)[index]

    many = np.broadcast_to(clip(0, frames=1).frames, (10_000, 16, 16, 3)).view(Frames)
    long = ClipList([replace(clip(0), frames=many)])
    assert fitted.predict(long, MemoryContext()).shape == (1, 3)
    assert read == [2500, 7500]


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 48_000])
def test_any_rate_is_heard(rate: int, fitted: MMADFERRecognizer) -> None:
    heard = fitted.predict(
        clips(2, audio=tone(0, rate, rate), sample_rate=rate), MemoryContext())
    assert np.isfinite(heard).all()


def test_missing_and_silent_audio_are_counted_and_scored() -> None:
    mute = [clip(0, audio=None, sample_rate=None), clip(1, audio=np.zeros(0, np.float32)),
            clip(2, audio=tone(0, 100)), clip(3, audio=np.zeros(4000, np.float32)), clip(4)]
    for make in (mma, audio_only):
        recognizer, context = make(), MemoryContext()
        recognizer.fit(training(ClipList(mute)), context)
        assert context.reports["clips_without_audio"] == 3
        assert context.reports["clips_with_silent_audio"] == 1
        context = MemoryContext()
        scores = recognizer.predict(ClipList(mute), context)
        assert np.isfinite(scores).all()
        assert context.reports["clips_without_audio"] == 3


def test_frames_alone_count_no_audio() -> None:
    recognizer, context = vision_only(), MemoryContext()
    recognizer.fit(training(clips(4, audio=None, sample_rate=None)), context)
    assert "clips_without_audio" not in context.reports
    assert recognizer.predict(clips(2, audio=None), context).shape == (2, 3)


@pytest.mark.parametrize("make", [mma, audio_only])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"audio": np.full(4000, np.nan, np.float32)}, "'c0' has 4000 samples that are not finite"),
        ({"audio": np.r_[tone(0), np.float32(np.inf)]}, "has 1 samples that are not finite"),
        ({"sample_rate": None}, "'c0' has audio without a sample rate"),
    ],
)
def test_damaged_audio_is_named(make: Any, given: Any, said: str) -> None:
    with pytest.raises(DamagedError, match=said):
        make().fit(training(clips(4, **given)), MemoryContext())
    recognizer = make()
    recognizer.fit(training(clips(4)), MemoryContext())
    with pytest.raises(DamagedError, match=said):
        recognizer.predict(clips(4, **given), MemoryContext())


def test_what_one_modality_says_does_not_depend_on_the_other() -> None:
    context, data = MemoryContext(), clips(6)
    for make, changed in (
        (vision_only, {"audio": None, "sample_rate": None}),
        (audio_only, {"frames": 1}),
    ):
        recognizer: Any = make()
        recognizer.fit(training(data), context)
        other = recognizer.predict(clips(6, **changed), context)
        assert np.allclose(recognizer.predict(data, context), other, atol=1e-6)
        again = make()
        again.restore(recognizer.state())
        assert np.array_equal(again.predict(data, context), recognizer.predict(data, context))


WITHOUT_WEIGHTS = {
    "audio_only": ["-p", "audio_only.weights=none"],
    "mma_dfer": ["-p", "mma_dfer.vision_weights=none", "-p", "mma_dfer.audio_weights=none"],
}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_stills_are_refused_when_planning(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-s", "synth_nir_weak5", "-t", "none", "-r", name, *WITHOUT_WEIGHTS[name]]
    assert main(["plan", *words]) == 2
    refused = f"recognizer '{name}' needs audio and synth_nir_weak5 has frames without any"
    assert refused in said(capsys)


def test_a_mute_copy_is_refused_before_the_first_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRFER_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for folder, sources in (("mute", ["clip_224x224"]), ("heard", ["clip_224x224", "original"])):
        dfew_tree(tmp_path / folder, *sources)
    for name, words in WITHOUT_WEIGHTS.items():
        asked = ["plan", "-s", "dfew_supervised", "--fold", "1", "-r", name, *words]
        assert main([*asked, "--data-root", f"dfew={tmp_path / 'mute'}"]) == 3
        assert f"recognizer '{name}' needs audio, and none of the 12 training clips" in said(capsys)
        assert main([*asked, "--data-root", f"dfew={tmp_path / 'heard'}"]) == 0
    frames = ["-r", "vision_only", "-p", "vision_only.weights=none"]
    mute = ["--data-root", f"dfew={tmp_path / 'mute'}"]
    assert main(["plan", "-s", "dfew_supervised", "--fold", "1", *frames, *mute]) == 0
