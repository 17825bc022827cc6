"""Parts of `predict`: videos with sound, evidence by modality, clips over time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from irfer_bench.api import BASIC, Clip, DamagedError
from irfer_bench.data.preparation.rules import Rules, pick
from irfer_bench.orchestration.prediction import media
from irfer_bench.orchestration.prediction.media import read_video
from irfer_bench.orchestration.prediction.rows import Row
from irfer_bench.orchestration.prediction.rules import ImageRules, with_frames
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
            heard = 0 if clip.audio is None else len(clip.audio)
            row[:3] = len(clip.frames) / 1000, heard / 100_000, clip.frames.std() / 10
        scores: Any = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        return scores.astype(np.float32)


def clip_of(*, sound: bool = True) -> Clip:
    frames = np.random.default_rng(0).integers(0, 255, (4, 8, 8, 3), np.uint8)
    audio = np.ones(1600, np.float32) if sound else None
    return Clip("c", frames, "vis", fps=10.0, audio=audio, sample_rate=1000 if sound else None,
                positions=(0, 5, 10, 15), length=20, scored=(1, 2, 3))  # fmt: skip


def shown(stub: Stub, clip: Clip, *, keep: bool = False, **times: float) -> Any:
    row = Row("c.mp4", predicted=BASIC[0], probabilities=(1 / C,) * C)
    known = {int(place.strip("_")): time for place, time in times.items()}
    return show_video(stub, clip, row, keep, known)  # type: ignore[arg-type]


def heard(stub: Stub) -> list[int]:
    """Samples of the first three clips that were scored."""
    return [0 if each.audio is None else len(each.audio) for each in stub.seen[:3]]


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
    assert heard(stub) == [1000, 1500, 1600]
    names = ["clip up to this time", "without audio", "without images (uniform grey)"]
    assert list(made.evidence) == names
    mute, blind = stub.seen[3:]
    assert mute.audio is None
    assert mute.frames.std() > 0
    assert blind.audio is not None
    assert blind.frames.std() == 0
    assert all(p.sum(1) == pytest.approx(1) for p in made.evidence.values())
    assert len(shown(Stub("audio_video"), clip_of(sound=False)).evidence) == 1


def test_frames_of_uneven_times_are_drawn_and_heard_when_they_are_shown() -> None:
    stub, times = Stub("audio_video"), {"_0": 0.0, "_5": 0.1, "_10": 0.2, "_15": 1.2}
    made = shown(stub, clip_of(), **times)
    assert made.times.tolist() == [0.1, 0.2, 1.2]
    assert made.unit == "seconds"
    assert heard(stub) == [200, 1200, 1600]


def test_where_neither_times_nor_rate_are_known_the_audio_is_shared_out() -> None:
    stub = Stub("audio_video")
    made = shown(stub, replace(clip_of(), fps=None))
    assert (made.unit, made.times.tolist()) == ("frame", [5, 10, 15])
    assert heard(stub) == [533, 1066, 1600]


def test_a_long_video_is_labelled_again_at_few_moments_without_copies() -> None:
    frames = np.zeros((2000, 16, 16, 3), np.uint8)
    clip = Clip("c", frames, "vis", fps=25.0, audio=np.ones(80_000, np.float32), sample_rate=1000)
    stub = Stub("audio_video")
    stub.told = {"voice": np.zeros((2000, C), np.float32)}
    tracemalloc.start()
    try:
        made = shown(stub, clip, keep=True)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(stub.seen) == 16 + 2
    assert [len(each.frames) for each in stub.seen[:3]] == [1, 134, 268]
    assert len(stub.seen[15].frames) == 2000
    assert held < 12 * frames.nbytes, "the mean and deviation of the stub count as float64"
    assert made.times[[0, 1, -1]].tolist() == [0, 133 / 25, 1999 / 25]
    assert {len(shares) for shares in made.evidence.values()} == {1, 16}
    assert len(made.faces) == 8


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


@pytest.mark.parametrize(
    ("stored", "taken", "asked", "kept"),
    [
        ("", 0, "", "uniform(16)"),
        ("", 16, "", "uniform(16)"),
        ("", 48, "", "uniform(48)"),
        ("", 48, "uniform(16)", "uniform(16)"),
        ("uniform(32)", 16, "", "uniform(32)"),
        ("uniform(32)", 64, "", "uniform(64)"),
        ("all", 0, "", "uniform(256)"),
        ("all", 512, "", "uniform(512)"),
        ("last(8)", 16, "", "last(8)"),
    ],
)
def test_a_video_keeps_what_its_recognizer_takes(
    stored: str, taken: int, asked: str, kept: str
) -> None:
    images = ImageRules(classes=BASIC, rules=Rules(frames="uniform(16)", stored=stored))
    made = with_frames(images, taken, asked).rules
    assert (made.kept, made.frames) == (kept, "uniform(16)")
    if kept == "uniform(256)":
        assert {place for place, _ in pick(kept, 200)} == set(range(200)), "all of a short one"


@pytest.mark.parametrize("name", ["m.mp4", "m.mkv"])
def test_frames_have_the_times_at_which_they_are_shown(tmp_path: Path, name: str) -> None:
    times = [40 * k if k < 15 else 600 + 500 * (k - 15) for k in range(30)]
    path = movie(tmp_path / name, 30, codec="libx264", times=times)
    video = read_video(path, "uniform(4)")
    assert video.positions == (0, 10, 19, 29)
    assert video.times == pytest.approx((0, 0.4, 2.6, 7.6), abs=2e-3)
    even = read_video(movie(tmp_path / f"even-{name}", 20), "last(2)")
    assert even.times == pytest.approx((0.72, 0.76), abs=2e-3)


@pytest.mark.parametrize(
    ("name", "options", "share", "said"),
    [("m.mp4", {"movflags": "faststart"}, 0.6, r"\d+ of 40 frames can be decoded"),
     ("m.avi", {}, 0.6, r"\d+ of 40 frames can be decoded"),
     ("m.mkv", {}, 0.6, r"\d+ of \d+ bytes are present")],
)  # fmt: skip
def test_half_a_video_is_no_shorter_video(
    tmp_path: Path, name: str, options: dict[str, str], share: float, said: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 32, 48, 3), np.uint8)
    path = movie(tmp_path / name, 40, options=options, images=[*noise])
    whole = path.read_bytes()
    assert read_video(path, "uniform(4)").positions == (0, 13, 26, 39)
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DamagedError, match=said):
        read_video(path, "uniform(4)")


def test_a_video_with_a_damaged_middle_is_refused(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 32, 48, 3), np.uint8)
    path = movie(tmp_path / "m.avi", 40, images=[*noise])
    data = path.read_bytes()
    half, fifth = len(data) // 2, len(data) // 5
    lost = data[half : half + fifth].replace(b"00dc", b"JUNK")
    path.write_bytes(data[:half] + lost + data[half + fifth :])
    with pytest.raises(DamagedError, match=r"damaged: \d+ of 40 frames can be decoded"):
        read_video(path, "uniform(4)")


def test_a_video_without_a_count_is_read_to_its_end(tmp_path: Path) -> None:
    video = read_video(movie(tmp_path / "m.mpg", 20, codec="mpeg2video"), "uniform(4)")
    assert (video.length, video.positions) == (20, (0, 6, 13, 19))


def test_a_video_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "MOST_BYTES", 10_000)
    path = movie(tmp_path / "long.mp4", 5)
    with pytest.raises(DamagedError, match="5 frames are more than"):
        read_video(path, "all")
    assert len(read_video(path, "uniform(2)").frames) == 2
