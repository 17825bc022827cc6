"""Clips: motion, sound, and that neither eye nor ear suffices."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from irfer_bench.api import BASIC, CLASSES, UsageError
from irfer_synth.clips import FPS, count_frames, draw_clip, draw_voice, lacks_audio
from irfer_synth.dataset import SynthDataset
from irfer_synth.voice import RATE, draw_prosody

PEOPLE = range(1, 31)


@pytest.fixture(scope="module")
def items():
    return {i.id: i for i in SynthDataset().index(None) if i.part == "clips"}


def test_a_clip_is_read_whole_or_in_part(items):
    dataset, item = SynthDataset(), items["c003-surprise-nir"]
    whole = dataset.read(None, item)
    assert whole.frames.shape == (item.frames, 64, 64, 3)
    assert whole.landmarks.shape == (item.frames, 68, 2)
    assert whole.sample_rate == RATE
    assert len(whole.audio) / RATE == pytest.approx(item.frames / whole.fps)
    part = dataset.read(None, item, [4, 0, 9])
    assert np.array_equal(part.frames, whole.frames[[4, 0, 9]])
    assert np.array_equal(part.landmarks, whole.landmarks[[4, 0, 9]])
    assert np.array_equal(part.audio, whole.audio)


def test_some_recordings_have_no_audio_and_the_others_a_noisy_voice():
    dataset = SynthDataset()
    recordings = [i for i in dataset.index(None) if i.part == "recordings"]
    assert {i.subject for i in recordings} == {f"s{n:03d}" for n in range(61, 121)}
    assert Counter(i.label for i in recordings) == dict.fromkeys(CLASSES, 60)
    mute = {i.id for i in recordings if lacks_audio(int(i.id[1:4]), i.label)}
    assert len(mute) == 28
    some = [i for i in recordings if i.id in mute][:2] + [i for i in recordings if i.id not in mute]
    for item in some[:4]:
        clip = dataset.read(None, item, [0, item.frames - 1])
        assert clip.frames.shape == (2, 64, 64, 3)
        assert (clip.audio is None) == (clip.sample_rate is None) == (item.id in mute)
        if clip.audio is not None:
            assert clip.sample_rate == RATE and np.abs(clip.audio).max() <= 1
            assert len(clip.audio) / RATE == pytest.approx(item.frames / FPS, abs=1e-4)
            assert np.sqrt((clip.audio[:200] ** 2).mean()) > 1e-3, "noise before the voice begins"


def test_a_frame_outside_the_clip_is_said(items):
    with pytest.raises(UsageError, match="frames 0 to"):
        SynthDataset().read(None, items["c003-surprise-nir"], [99])


def test_stills_only_are_read_in_batches(items):
    with pytest.raises(UsageError, match="stills only"):
        list(SynthDataset().read_many(list(items.values())[:2]))


def test_an_expression_comes_and_goes_while_the_head_moves():
    for label in BASIC:
        clip = draw_clip(5, label, range(count_frames(5, label)))
        strength = np.linalg.norm(clip.units, axis=1)
        apex = int(strength.argmax())
        assert strength[0] < 0.35 * strength[apex]
        assert strength[-1] < 0.6 * strength[apex]
        assert 2 < apex < len(strength) - 2
        assert np.abs(np.diff(clip.pose.yaw)).max() > 1e-3
        assert np.abs(np.diff(clip.pose.yaw)).max() < 0.06
        assert clip.pose.blink.max() > 0.3


def test_voices_are_sound_of_the_right_kind():
    for label in BASIC:
        voice = draw_voice(2, label)
        assert voice.dtype == np.float32
        assert np.abs(voice).max() <= 1
        assert np.sqrt((voice**2).mean()) > 0.005
        assert np.array_equal(voice, draw_voice(2, label))


def _pitch(voice):
    """Median autocorrelation pitch in Hz of the loud 40 ms frames."""
    frames = voice[: len(voice) // 640 * 640].reshape(-1, 640).astype(np.float64)
    loud = frames[(frames**2).mean(1) > np.median((frames**2).mean(1))]
    spectra = np.abs(np.fft.rfft(loud, 2048)) ** 2
    correlation = np.fft.irfft(spectra)[:, RATE // 450 : RATE // 70]
    return float(np.median(RATE / (correlation.argmax(1) + RATE // 450)))


def _measure(label, what):
    return np.array([what(draw_voice(n, label)) for n in PEOPLE[:16]])


def test_prosody_depends_on_the_emotion():
    pitch = {label: _measure(label, _pitch) for label in ("fear", "surprise", "sadness", "anger")}
    power = {label: _measure(label, lambda v: (v**2).mean()) for label in pitch}
    assert np.median(pitch["fear"] / pitch["sadness"]) > 1.3
    assert np.median(power["anger"] / power["sadness"]) > 4

    def rise(voice):
        third = len(voice) // 3
        return _pitch(voice[-third:]) / _pitch(voice[:third])

    assert np.median(_measure("surprise", rise)) > np.median(_measure("sadness", rise)) * 1.2


def _separability(one, other):
    """Accuracy of the nearest class mean, leaving one out, on standardised features (N, D)."""
    both = np.concatenate([one, other])
    both = (both - both.mean(0)) / (both.std(0) + 1e-9)
    truth = np.repeat([0, 1], [len(one), len(other)])
    right = 0
    for k in range(len(both)):
        rest = np.arange(len(both)) != k
        means = [both[rest & (truth == c)].mean(0) for c in (0, 1)]
        right += int(np.argmin([np.linalg.norm(both[k] - m) for m in means]) == truth[k])
    return right / len(both)


def test_eye_and_ear_are_each_incomplete():
    def faces(label):
        return np.stack([draw_clip(n, label, [12]).units[0] for n in range(1, 61)])

    def voices(label):
        draws = [draw_prosody(label, np.random.default_rng([n, len(label)])) for n in range(60)]
        return np.array(
            [[d.pitch, d.rise, d.loudness, d.tempo, d.tremor, d.formants] for d in draws]
        )

    assert _separability(faces("fear"), faces("surprise")) < 0.68
    assert _separability(voices("fear"), voices("surprise")) > 0.95
    assert _separability(voices("anger"), voices("happiness")) < 0.68
    assert _separability(faces("anger"), faces("happiness")) > 0.95
