"""Log-mel spectrograms: rates, lengths, channels, and audio that is not there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from irfer_bench.nn.log_mel import DEVIATION, FLOOR, MEAN, RATE, fbank, spectrogram

MISSING = -MEAN / (2 * DEVIATION)


def tone(label: int, samples: int, rate: int = RATE) -> Any:
    pitch = 200 * 3**label
    return np.sin(2 * np.pi * pitch * np.arange(samples) / rate).astype(np.float32)


def test_a_tone_is_in_the_band_of_its_pitch_whatever_the_rate() -> None:
    bands = {}
    for rate in (8000, 16_000, 44_100, 48_000):
        heard = spectrogram(tone(1, rate, rate), rate, window=64, mels=64, resample=True)
        bands[rate] = int(heard[10:40].mean(0).argmax())
    assert len(set(bands.values())) == 1, bands
    native = spectrogram(tone(1, 48_000, 48_000), 48_000, window=64, mels=64)
    assert int(native[10:40].mean(0).argmax()) < bands[16_000]


def test_resampled_audio_has_what_audio_recorded_at_16_khz_has() -> None:
    there = spectrogram(tone(1, 16_000), RATE, window=64, mels=32)
    made = spectrogram(tone(1, 48_000, 48_000), 48_000, window=64, mels=32, resample=True)
    loud = there > there.max() - 0.5
    assert torch.allclose(made[2:-2][loud[2:-2]], there[2:-2][loud[2:-2]], atol=0.02)


@pytest.mark.parametrize("samples", [400, 3000, 16_000, 200_000])
def test_shorter_audio_is_padded_and_longer_is_cut(samples: int) -> None:
    audio = np.random.default_rng(0).normal(size=samples).astype(np.float32)
    heard = spectrogram(audio, RATE, window=48, mels=16)
    assert heard.shape == (48, 16)
    whole = 1 + (samples - 400) // 160
    assert torch.all(heard[whole:] == heard.new_tensor(MISSING))
    assert not torch.any(heard[:whole] == heard.new_tensor(MISSING))
    if samples == 200_000:
        head = spectrogram(audio - audio.mean() + audio[:8160].mean(), RATE, window=48, mels=16)
        assert torch.allclose(head, heard, atol=1e-4)


def test_the_end_of_the_window_is_not_that_of_the_resampling_filter() -> None:
    audio = tone(0, 44_100, 44_100)
    whole = spectrogram(audio, 44_100, window=96, mels=32, resample=True)
    part = spectrogram(audio, 44_100, window=48, mels=32, resample=True)
    assert torch.allclose(part, whole[:48], atol=1e-3)


@pytest.mark.parametrize("audio", [None, np.zeros(0, np.float32), np.ones(300, np.float32)])
def test_missing_audio_is_one_constant(audio: object) -> None:
    assert torch.allclose(spectrogram(audio, RATE, window=16, mels=8), torch.tensor(MISSING))


def test_silence_is_not_missing_audio() -> None:
    heard = spectrogram(np.zeros(16_000, np.float32), RATE, window=16, mels=8)
    floor = (np.log(FLOOR) - MEAN) / (2 * DEVIATION)
    assert torch.allclose(heard, torch.tensor(float(floor)))
    assert abs(floor - MISSING) > 1


def test_the_first_channel_is_heard() -> None:
    left, right = tone(0, 8000), tone(2, 8000)
    both = spectrogram(np.stack([left, right]), RATE, window=16, mels=32)
    alone = spectrogram(left, RATE, window=16, mels=32)
    assert torch.allclose(both, alone, atol=1e-3)


def test_one_band_of_128_is_empty_at_16_khz() -> None:
    """Its triangle lies between two bins; a constant, not a fault."""
    noise = np.random.default_rng(0).normal(size=16_000).astype(np.float32)
    logs = fbank(torch.from_numpy(noise), RATE, 128)
    assert int((logs == np.log(np.float32(FLOOR))).all(0).sum()) == 1


def mel(hertz: float) -> float:
    return 1127 * math.log(1 + hertz / 700)


def kaldi(x: Any, rate: int, mels: int) -> Any:
    """Kaldi's fbank as the module's page has it, frame by frame and triangle by triangle."""
    length, hop = rate * 25 // 1000, rate // 100
    padded = 2 ** math.ceil(math.log2(length))
    edges = np.linspace(mel(20), mel(rate / 2), mels + 2)
    logs = []
    for start in range(0, len(x) - length + 1, hop):
        frame = x[start : start + length].astype(np.float64)
        frame = frame - frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        power = np.abs(np.fft.rfft(frame * np.hanning(length), padded)) ** 2
        row = []
        for m in range(mels):
            low, middle, high = edges[m : m + 3]
            energy = 0.0
            for k in range(padded // 2):
                place = mel(k * rate / padded)
                share = min((place - low) / (middle - low), (high - place) / (high - middle))
                energy += max(0.0, share) * power[k]
            row.append(math.log(max(2.0**-23, energy)))
        logs.append(row)
    return np.array(logs)


@pytest.mark.parametrize("rate", [16_000, 8000, 10_240, 11_025])
def test_filter_banks_are_kaldi_s(rate: int) -> None:
    """At 10,240 Hz a frame has 256 samples: a power of two is not padded."""
    x = np.random.default_rng(0).normal(size=rate // 20).astype(np.float32)
    found = fbank(torch.from_numpy(x), rate, 24)
    expected = kaldi(x, rate, 24)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-3)


def test_the_input_is_normalised_as_audiomae_s() -> None:
    """(y + 4.2677393) / (2 x 4.5689974), norm_mean and norm_std of its public code."""
    x = np.random.default_rng(0).normal(size=4000).astype(np.float32) + 3.0
    expected = (kaldi(x - x.mean(), RATE, 8) + 4.2677393) / (2 * 4.5689974)
    np.testing.assert_allclose(
        spectrogram(x, RATE, window=10, mels=8).numpy(), expected[:10], atol=1e-3)
    assert spectrogram(x, RATE).shape == (512, 128)


@pytest.mark.parametrize("rate", [0, 50, 99])
def test_audio_of_a_rate_too_low_for_frames_is_missing(rate: int) -> None:
    heard = spectrogram(np.ones(4000, np.float32), rate, window=16, mels=8)
    assert torch.allclose(heard, torch.tensor(MISSING))
    assert fbank(torch.ones(4000), rate, 8).shape == (0, 8)
    assert fbank(torch.ones(399), RATE, 8).shape == (0, 8)


def test_the_lowest_rate_at_which_frames_follow_each_other_is_heard() -> None:
    """One sample per hop."""
    assert fbank(torch.ones(50), 100, 8).shape == (49, 8)
