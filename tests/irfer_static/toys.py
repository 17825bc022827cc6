"""Small faceless clips whose class a network learns in seconds."""

from __future__ import annotations

import numpy as np

from irfer_bench.api import Clip, TrainingData
from irfer_bench.testing.memory import ClipList

CLASSES = ("anger", "disgust", "fear")
EMPTY = ClipList([])


def toy(count: int, seed: int, frames: int = 1) -> ClipList:
    """A bright bar whose height in the image is the class, on noise."""
    generator = np.random.default_rng(seed)
    clips = []
    for i in range(count):
        label = i % 3
        pixels = generator.integers(0, 120, (frames, 32, 32, 3))
        pixels[:, 4 + 10 * label : 8 + 10 * label, 6:26] += 130
        clips.append(Clip(f"{seed}-{i}", pixels.astype(np.uint8), "nir", CLASSES[label], f"p{i}"))
    return ClipList(clips)


def training(source: ClipList = EMPTY, target: ClipList = EMPTY) -> TrainingData:
    return TrainingData(source, target, EMPTY, EMPTY, CLASSES)
