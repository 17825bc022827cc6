"""Parts of `predict`: videos with sound, evidence by modality, clips over time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import BASIC, Clip, DamagedError
from irfer_bench.orchestration.prediction import media
from irfer_bench.orchestration.prediction.media import read_video
from irfer_bench.orchestration.prediction.rows import Row
from irfer_bench.orchestration.prediction.shown import show_video
from tests.irfer_datasets.movies import movie

C = len(BASIC)


class Stub:
    """Scores are made of what the clip holds: frames, their mean, and its sound."""

    classes = BASIC

    def __init__(self, modality: str) -> None:
        self.method: Any = SimpleNamespace(name="stub", traits={"modality": modality})
        self.told: dict[str, Any] = {}
        self.seen: list[Clip] = []

    def courses(self, clip: Clip) -> dict[str, Any]:
        return self.told

    def predict(self, clips: Sequence[Clip]) -> Any:
        self.seen += clips
        logits = np.zeros((len(clips), C))
        for row, clip in zip(logits, clips, strict=True):
            row[0], row[1] = len(clip.frames), 0 if clip.audio is None else len(clip.audio) / 100
            row[2] = clip.frames.std() / 10
        scores: Any = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return scores.astype(np.float32)


def clip_of(*, sound: bool = True) -> Clip:
    frames = np.random.default_rng(0).integers(0, 255, (4, 8, 8, 3), np.uint8)
    audio = np.ones(400, np.float32) if sound else None
    return Clip("c", frames, "vis", fps=10.0, audio=audio, sample_rate=1000 if sound else None,
                positions=(0, 5, 10, 15), length=20, scored=(1, 2, 3))  # fmt: skip


def shown(stub: Stub, clip: Clip) -> Any:
    row = Row("c.mp4", predicted=BASIC[0], probabilities=(1 / C,) * C)
    return show_video(stub, clip, row, False)  # type: ignore[arg-type]


def test_an_image_recognizer_sees_each_scored_frame_alone() -> None:
    stub = Stub("image")
    made = shown(stub, clip_of())
    assert made.times.tolist() == [0.5, 1.0, 1.5]
    assert list(made.evidence) == ["each frame alone"]
    assert made.evidence["each frame alone"].shape == (3, C)
    assert all(len(each.frames) == 1 and each.audio is None for each in stub.seen)
    assert made.faces is None


def test_a_recognizer_over_time_sees_the_clip_up_to_each_frame() -> None:
    stub = Stub("audio_video")
    made = shown(stub, clip_of())
    assert [len(each.frames) for each in stub.seen[:3]] == [1, 2, 3]
    assert [len(each.audio) for each in stub.seen[:3] if each.audio is not None] == [133, 266, 400]
    names = ["clip up to this moment", "without audio", "without images (uniform grey)"]
    assert list(made.evidence) == names
    mute, blind = stub.seen[3:]
    assert mute.audio is None
    assert mute.frames.std() > 0
    assert blind.audio is not None
    assert blind.frames.std() == 0
    assert all(p.sum(1) == pytest.approx(1) for p in made.evidence.values())
    assert len(shown(Stub("audio_video"), clip_of(sound=False)).evidence) == 1


def test_what_a_recognizer_tells_stands_first() -> None:
    stub = Stub("audio")
    stub.told = {"voice": np.full((1, C), -np.log(C), np.float32)}
    assert list(shown(stub, clip_of()).evidence) == ["voice"]
    assert list(shown(Stub("audio"), clip_of()).evidence) == ["whole clip"]


def test_a_video_is_read_with_its_sound_and_by_its_rule(tmp_path: Path) -> None:
    path = movie(tmp_path / "m.mkv", 20, codec="ffv1", audio="pcm_s16le")
    video = read_video(path, "uniform(4)")
    assert video.positions == (0, 6, 13, 19)
    assert video.length == 20
    assert [round(float(f.mean()) / 8) for f in video.frames] == [0, 6, 13, 19]
    assert video.audio is not None
    assert (len(video.audio), video.sample_rate) == (8000, 8000)
    assert read_video(movie(tmp_path / "n.mp4", 3), "last(8)").positions == (0, 1, 2)
    assert read_video(tmp_path / "n.mp4", "all").audio is None


def test_a_video_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MOST_BYTES", 10_000)
    path = movie(tmp_path / "long.mp4", 5)
    with pytest.raises(DamagedError, match="5 frames are more than"):
        read_video(path, "all")
    assert len(read_video(path, "uniform(2)").frames) == 2
