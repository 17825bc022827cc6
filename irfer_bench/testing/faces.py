"""Small faces in memory, for tests: class-dependent, paired, with landmarks; numpy only.

Twelve people x six expressions, 32 pixels, in three spectra. Brows and mouth move with the class,
colour and shading with the person; the near-infrared image is another function of the same
geometry. They are for tests only: the embedded benchmark is `synth`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from irfer_bench.contracts.component import BASIC, Spectrum
from irfer_bench.contracts.values import Clip, TrainingData, TranslationData
from irfer_bench.store.keys import seed_for
from irfer_bench.testing.memory import ClipList

SUBJECTS = tuple(range(12))
TRAINING, TEST = SUBJECTS[:9], SUBJECTS[9:]
SIZE = 32
SAMPLE_RATE = 8000

MOUTH = {
    "anger": (-0.02, 0.02), "disgust": (-0.05, 0.03), "fear": (-0.01, 0.07),
    "happiness": (0.07, 0.05), "sadness": (-0.07, 0.02), "surprise": (0.0, 0.13),
}
"""Per class: how far the corners are lifted, and how far the lips part, in face widths."""
BROW = {
    "anger": -0.06, "disgust": -0.03, "fear": 0.05, "happiness": 0.0, "sadness": 0.02,
    "surprise": 0.09,
}
"""Per class: how far the brows are raised."""


@lru_cache(maxsize=4096)
def make_clip(
    subject: int, label: str, spectrum: Spectrum, *, size: int = SIZE, frames: int = 1,
    voice: bool = False,
) -> Clip:
    """One face: a still, or a clip in which the expression grows from neutral to its apex.

    Equal arguments give the same read-only pixels. `voice` adds a second of audio whose pitch is
    the class's.
    """
    growth = np.linspace(0.4, 1.0, frames) if frames > 1 else np.ones(1)
    landmarks = np.stack([_landmarks(subject, label, strength) for strength in growth])
    pixels = np.stack([_draw(points, subject, spectrum, size) for points in landmarks])
    audio = None
    if voice:
        times = np.arange(SAMPLE_RATE) / SAMPLE_RATE
        pitch = 120.0 + 40.0 * list(MOUTH).index(label) + subject
        audio = np.sin(2 * np.pi * pitch * times).astype(np.float32)
    moment = f"s{subject:02d}-{label}"
    points = (landmarks * size).astype(np.float32)
    for array in (pixels, points) if audio is None else (pixels, points, audio):
        array.flags.writeable = False
    return Clip(
        id=f"{moment}-{spectrum}", frames=pixels, spectrum=spectrum, label=label,
        subject=f"s{subject:02d}", lighting="normal", pair=moment,
        fps=25.0 if frames > 1 else None, audio=audio, sample_rate=SAMPLE_RATE if voice else None,
        landmarks=points,
    )


def make_faces(
    spectrum: Spectrum, subjects: Iterable[int] = SUBJECTS, classes: Sequence[str] = BASIC,
    *, size: int = SIZE, frames: int = 1, voice: bool = False,
) -> ClipList:
    """Every subject with every expression, read-only."""
    return ClipList([
        make_clip(subject, label, spectrum, size=size, frames=frames, voice=voice)
        for subject in subjects for label in classes
    ])


def translation_data(subjects: Iterable[int] = TRAINING, *, size: int = SIZE) -> TranslationData:
    """Paired visible and near-infrared stills of the training subjects, target labels hidden."""
    chosen = tuple(subjects)
    source = make_faces("vis", chosen, size=size)
    target = make_faces("nir", chosen, size=size).unlabelled()
    pairs = [(k, k) for k in range(len(source))]
    return TranslationData(source, target, pairs, "vis", "nir")


def training_data(
    *, source: bool = True, target: bool = True, unlabelled: bool = False,
    subjects: Iterable[int] = TRAINING, size: int = SIZE, frames: int = 1, voice: bool = False,
) -> TrainingData:
    """Labelled clips of the training subjects in two spectra; either side may be empty.

    With `unlabelled` the target clips are granted once more, without their labels.
    """
    chosen, none = tuple(subjects), ClipList([])
    shape: dict[str, Any] = {"size": size, "frames": frames, "voice": voice}
    return TrainingData(
        make_faces("vis", chosen, **shape) if source else none,
        make_faces("nir", chosen, **shape) if target else none,
        make_faces("nir", chosen, **shape).unlabelled() if unlabelled else none,
        none, BASIC,
    )


def _landmarks(subject: int, label: str, strength: float) -> Any:
    """(68, 2) positions in [0, 1], in the usual order: jaw, brows, nose, eyes, mouth."""
    random = np.random.default_rng(seed_for(0, "face", str(subject)))
    wide, tall = 0.34 + 0.04 * random.random(), 0.40 + 0.03 * random.random()
    lift, part = (strength * value for value in MOUTH[label])
    raised = strength * BROW[label]
    turn = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.5 + wide * np.cos(turn), 0.48 + tall * np.sin(turn)], 1)
    across = np.linspace(0.0, 1.0, 5)
    arch = 0.33 - raised - 0.03 * np.sin(np.pi * across)
    brows = [np.stack([x + 0.16 * across, arch], 1) for x in (0.26, 0.58)]
    nose = [
        np.stack([np.full(4, 0.5), np.linspace(0.42, 0.56, 4)], 1),
        np.stack([np.linspace(0.44, 0.56, 5), np.full(5, 0.59)], 1),
    ]
    eyes = [_ellipse(x, 0.42, 0.055, 0.022 + 0.2 * max(raised, 0.0), 6) for x in (0.35, 0.65)]
    mouth = [
        _ellipse(0.5, 0.72, 0.13, 0.03 + part, 12), _ellipse(0.5, 0.72, 0.09, 0.01 + part, 8)
    ]
    for ring in mouth:
        ring[:, 1] -= lift * (np.abs(ring[:, 0] - 0.5) / 0.13) ** 2
    return np.concatenate([jaw, *brows, *nose, *eyes, *mouth])


def _ellipse(x: float, y: float, wide: float, tall: float, count: int) -> Any:
    turn = np.pi + np.arange(count) * 2 * np.pi / count
    return np.stack([x + wide * np.cos(turn), y + tall * np.sin(turn)], 1)


def _draw(points: Any, subject: int, spectrum: Spectrum, size: int) -> Any:
    """(size, size, 3) uint8: skin, ground, and the features where the landmarks are."""
    random = np.random.default_rng(seed_for(1, "skin", str(subject)))
    tone = 0.45 + 0.35 * random.random()
    side = 0.5 + 0.5 * random.random()
    grid = (np.arange(size) + 0.5) / size
    y, x = np.meshgrid(grid, grid, indexing="ij")
    inside = _soft(((x - 0.5) / 0.38) ** 2 + ((y - 0.5) / 0.46) ** 2)
    shade = 1.0 - 0.25 * np.abs(x - side)
    dark = np.max([_spot(x, y, p, 0.7 / size + 0.012) for p in points[17:48]], axis=0)
    lips = np.max([_spot(x, y, p, 0.7 / size + 0.012) for p in points[48:]], axis=0)
    if spectrum == "vis":
        skin = tone * shade
        ground = 0.2 + 0.3 * y
        channels = [skin, 0.78 * skin * (1 - 0.5 * lips), 0.66 * skin * (1 - 0.4 * lips)]
        image = [inside * c * (1 - 0.7 * dark) + (1 - inside) * ground for c in channels]
    elif spectrum == "nir":
        skin = 0.85 * shade * (1 - 0.55 * dark) * (1 - 0.3 * lips)
        image = [inside * skin + (1 - inside) * 0.08] * 3
    else:
        heat = 0.9 - 0.35 * dark - 0.1 * (1 - lips) * np.exp(-40 * ((x - 0.5) ** 2))
        image = [inside * heat + (1 - inside) * 0.25] * 3
    return np.floor(np.stack(image, -1).clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _soft(radius: Any) -> Any:
    return 1 / (1 + np.exp(18 * (radius - 1)))


def _spot(x: Any, y: Any, at: Any, width: float) -> Any:
    return np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * width**2))
