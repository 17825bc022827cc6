"""A voice-like sound whose prosody depends on the class: harmonics of a pitch through formants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_synth.expression import BLENDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

RATE = 16_000
HARMONICS = 24
HOP = 80
"""Samples between two settings of the formants."""

PROSODY: Mapping[str, tuple[float, ...]] = {
    "anger": (1.25, 0.34, -0.10, 0.95, 5.4, 0.010, 0.90, 1.03),
    "disgust": (0.88, 0.26, -0.32, 0.55, 3.2, 0.012, 0.35, 0.92),
    "fear": (1.50, 0.14, 0.02, 0.42, 6.6, 0.060, 0.55, 1.00),
    "happiness": (1.30, 0.40, 0.08, 0.85, 4.9, 0.008, 0.80, 1.08),
    "sadness": (0.84, 0.10, -0.24, 0.26, 2.6, 0.014, 0.15, 0.97),
    "surprise": (1.36, 0.48, 0.58, 0.75, 3.8, 0.008, 0.60, 1.00),
    "neutral": (1.00, 0.18, -0.08, 0.50, 4.2, 0.006, 0.45, 1.00),
    "contempt": (0.94, 0.22, -0.20, 0.48, 3.4, 0.006, 0.40, 0.98),
}
"""Pitch over the speaker's own, pitch range, rise over the clip, loudness, syllables per second,
tremor, brightness, formant shift (all but loudness and tempo as ratios)."""
SAME_VOICE: Mapping[str, str] = {"anger": "happiness", "happiness": "anger"}
"""Classes that audio cannot distinguish: both draw their prosody from one mixture."""
SPREAD = 0.10
NOISE_DB = (0.0, 25.0)
"""Level of a room's noise below a root mean square of 0.1."""
NOISE_TAPS = 32
VOWELS = np.array(
    [
        (730, 1090, 2440),
        (530, 1840, 2480),
        (300, 2250, 3000),
        (570, 840, 2410),
        (320, 870, 2250),
    ]
)
"""First three formants in Hz of the vowels in father, bet, beet, bought and boot."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """How a clip is spoken; units as in `PROSODY`."""

    pitch: float
    range: float
    rise: float
    loudness: float
    tempo: float
    tremor: float
    brightness: float
    formants: float


def prosody(name: str) -> NDArray[Any]:
    """(8,) mean prosody of a class, blends resolved."""
    if name in BLENDS:
        total = sum(BLENDS[name].values())
        return np.asarray(sum(w / total * prosody(part) for part, w in BLENDS[name].items()))
    return np.array(PROSODY[name])


def draw_prosody(name: str, rng: np.random.Generator, spread: float = SPREAD) -> Prosody:
    """One way to speak a class; those of `SAME_VOICE` share one distribution.

    Args:
        spread: relative deviation of each property from the mean of the class.
    """
    mean = prosody(name)
    share = float(rng.uniform(0.2, 0.8))
    if name in SAME_VOICE:
        first, second = sorted((name, SAME_VOICE[name]))
        mean = share * prosody(first) + (1 - share) * prosody(second)
    scale = 1 + spread * np.clip(rng.standard_normal(len(mean)), -2, 2)
    return Prosody(*(float(x) for x in mean * scale))


def speak(how: Prosody, speaker: float, samples: int, rng: np.random.Generator) -> NDArray[Any]:
    """(samples,) float32 at 16 kHz, within -1 to 1.

    Args:
        speaker: 0 is a low voice with a long vocal tract, 1 a high one with a short tract.
    """
    t = np.arange(samples) / RATE
    progress = t / (samples / RATE)
    syllable = t * how.tempo + rng.uniform(0, 1)
    swing = np.sin(2 * np.pi * syllable / 2.3 + rng.uniform(0, 6.28))
    tremble = np.sin(2 * np.pi * 9.0 * t + rng.uniform(0, 6.28))
    base = (105 + 110 * speaker) * how.pitch
    slope = how.rise * (progress - 0.5)
    pitch = base * (1 + how.range * 0.5 * swing + slope + how.tremor * tremble)
    phase = 2 * np.pi * np.cumsum(np.maximum(pitch, 50)) / RATE
    beat = np.sin(np.pi * (syllable - np.floor(syllable)))
    loud = how.loudness * (0.12 + 0.88 * beat * beat) * (1 + how.tremor * 3 * tremble)
    vowels = VOWELS[rng.integers(0, len(VOWELS), int(syllable[-1]) + 2)]
    frames = np.arange(0, samples, HOP)
    peaks = vowels[np.floor(syllable[frames]).astype(int)].T * how.formants
    peaks = peaks * (0.92 + 0.16 * speaker)
    sound = np.zeros(samples)
    for k in range(1, HARMONICS + 1):
        tone = k * pitch[frames]
        gain = np.where(tone < 0.45 * RATE, _resonance(peaks, tone), 0)
        sound += np.interp(t, t[frames], gain) * np.sin(k * phase) / k ** (1.6 - how.brightness)
    breath = rng.standard_normal(samples) * (0.05 + 0.10 * (1 - how.brightness))
    fade = np.clip(np.minimum(t, t[-1] - t) * 40, 0, 1)
    heard = np.tanh(loud * fade * (0.5 * sound + 0.4 * breath)) * 0.9
    return np.asarray(heard, dtype=np.float32)


def add_noise(voice: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    """(samples,) float32: the voice with a room's noise of random level and colour."""
    keep = np.exp(-np.arange(NOISE_TAPS) / rng.uniform(1, 8))
    white = rng.standard_normal(len(voice) + NOISE_TAPS - 1)
    noise = np.convolve(white, keep / np.sqrt((keep * keep).sum()), "valid")
    level = 0.1 * 10 ** (-rng.uniform(*NOISE_DB) / 20)
    return np.asarray(np.clip(voice + level * noise, -1, 1), dtype=np.float32)


def _resonance(peaks: NDArray[Any], frequency: NDArray[Any]) -> NDArray[Any]:
    """Gain of three formants with a bandwidth of 90, 110 and 170 Hz."""
    return np.asarray(
        sum(
            weight / (1 + ((frequency - peak) / width) ** 2)
            for peak, width, weight in zip(
                peaks, (90.0, 110.0, 170.0), (1.0, 0.7, 0.35), strict=True
            )
        )
    )
