"""Clips: onset, apex and offset of an expression with head motion, a blink and a voice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import CLASSES
from irfer_synth.expression import NEIGHBOURS, draw_expression, prototype
from irfer_synth.faces import Moments, draw_moments
from irfer_synth.identity import BENCHMARK, generator
from irfer_synth.spectra import Scene
from irfer_synth.voice import RATE, add_noise, draw_prosody, speak

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FPS = 16.0
CLIP_TAKE, VOICE_TAKE, RECORDING_TAKE = 50, 51, 52
SAME_FACE = frozenset({"fear", "surprise"})
"""Classes that images cannot distinguish: in clips both draw their face from one mixture."""
RECORDED_SPREAD = 0.20
"""Of the prosody in recordings: twice that of the clean voices."""
WITHOUT_AUDIO_SHARE = 0.04
"""Share of the recordings without audio."""


def count_frames(number: int, label: str) -> int:
    """Frames of a person's clip, 24 to 40."""
    return 24 + (7 * number + 5 * CLASSES.index(label)) % 17


def draw_clip(number: int, label: str, frames: Sequence[int]) -> Moments:
    """The moments of a clip at the given frame positions."""
    count = count_frames(number, label)
    rng = generator(BENCHMARK, number, 100 + CLASSES.index(label), CLIP_TAKE, 1)
    still = draw_moments([number], [label], BENCHMARK, CLIP_TAKE)
    apex = _draw_apex(label, rng)
    strength = _envelope(count, rng)
    at = np.arange(count) / FPS
    sway = [
        size * np.sin(2 * np.pi * rng.uniform(0.2, 0.7) * at + rng.uniform(0, 6.28))
        for size in (0.10, 0.05, 0.035, 0.012, 0.02, 0.015)
    ]
    blink_at = rng.uniform(0.1, at[-1])
    blink = np.clip(1 - np.abs(at - blink_at) / 0.13, 0, 1)
    pick = np.asarray(frames, dtype=np.int64)
    every = still.take(np.zeros(len(pick), dtype=np.int64))
    names = ("yaw", "pitch", "roll", "scale", "shift_x", "shift_y")
    moved = {
        n: getattr(every.pose, n) + s[pick].astype(np.float32)
        for n, s in zip(names, sway, strict=True)
    }
    units = (apex[None] * strength[pick, None]).astype(np.float32)
    return replace(
        every,
        units=units,
        intensity=every.intensity * strength[pick].astype(np.float32),
        pose=replace(every.pose, **moved, blink=blink[pick].astype(np.float32)),
        scene=_renumber(every.scene, pick),
    )


def draw_voice(number: int, label: str) -> NDArray[Any]:
    """(samples,) float32 at 16 kHz, as long as the clip."""
    rng = generator(BENCHMARK, number, 100 + CLASSES.index(label), VOICE_TAKE)
    speaker = float(generator(BENCHMARK, number, VOICE_TAKE).uniform(0, 1))
    samples = round(count_frames(number, label) * RATE / FPS)
    return speak(draw_prosody(label, rng), speaker, samples, rng)


def lacks_audio(number: int, label: str) -> bool:
    """Whether a recording has no audio."""
    rng = generator(BENCHMARK, number, 100 + CLASSES.index(label), RECORDING_TAKE)
    return bool(rng.random() < WITHOUT_AUDIO_SHARE)


def draw_recording(number: int, label: str) -> NDArray[Any] | None:
    """(samples,) float32 at 16 kHz of a voice in a room, or None: the recording has no audio.

    Prosody varies more than in `draw_voice` and the room is noisy, so that the voice says less
    than the face, as in films.
    """
    if lacks_audio(number, label):
        return None
    rng = generator(BENCHMARK, number, 100 + CLASSES.index(label), RECORDING_TAKE, 1)
    speaker = float(generator(BENCHMARK, number, VOICE_TAKE).uniform(0, 1))
    samples = round(count_frames(number, label) * RATE / FPS)
    return add_noise(speak(draw_prosody(label, rng, RECORDED_SPREAD), speaker, samples, rng), rng)


def _draw_apex(label: str, rng: np.random.Generator) -> NDArray[Any]:
    units, intensity = draw_expression(label, rng)
    if label not in SAME_FACE:
        return units
    share = rng.uniform(0.2, 0.8)
    first, second = sorted((label, NEIGHBOURS[label]))
    mixed = share * prototype(first) + (1 - share) * prototype(second)
    return np.clip(intensity * mixed * (1 + 0.15 * rng.standard_normal(len(mixed))), 0, 1.25)


def _envelope(count: int, rng: np.random.Generator) -> NDArray[Any]:
    """0 to 1 to 0: the onset is quicker than the offset, and the apex is held."""
    t = np.arange(count) / (count - 1)
    rise_at, fall_at = rng.uniform(0.12, 0.30), rng.uniform(0.70, 0.90)
    rise = np.clip((t - rise_at + 0.10) / 0.20, 0, 1)
    fall = np.clip((fall_at + 0.15 - t) / 0.30, 0, 1)
    both = np.minimum(rise, fall)
    return np.asarray(both * both * (3 - 2 * both))


def _renumber(scene: Scene, frames: NDArray[Any]) -> Scene:
    """Fresh sensor noise for every frame."""
    return replace(scene, seed=scene.seed + 1 + frames)
