"""Small clips with audio whose class a network could learn, and settings of tiny networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from irfer_bench.api import Clip, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList
from irfer_dynamic.mma_dfer import MMADFERRecognizer
from irfer_dynamic.mma_dfer_params import MMADFERParams

CLASSES = ("anger", "disgust", "fear")
EMPTY = ClipList([])
RATE = 16_000
TINY: dict[str, Any] = {
    "vision_weights": "none", "audio_weights": "none", "size": 16, "frames": 2, "window": 32,
    "epochs": 1, "batch": 4, "latent": 8, "ita_dim": 8,
}  # fmt: skip


def tone(label: int, samples: int = 8000, rate: int = RATE) -> Any:
    """A tone whose pitch is the class."""
    return np.sin(2 * np.pi * 200 * 3**label * np.arange(samples) / rate).astype(np.float32)


def clip(i: int, frames: int = 3, **given: Any) -> Clip:
    """A bright bar whose height is the class, and a tone."""
    label = i % 3
    pixels = np.random.default_rng(i).integers(0, 60, (frames, 16, 16, 3))
    pixels[:, 2 + 5 * label : 5 + 5 * label] += 180
    facts = {"audio": tone(label), "sample_rate": RATE} | given
    return Clip(f"c{i}", pixels.astype(np.uint8), "vis", CLASSES[label], f"p{i}", **facts)


def clips(count: int = 9, **given: Any) -> ClipList:
    return ClipList([clip(i, **given) for i in range(count)])


def training(target: ClipList) -> TrainingData:
    return TrainingData(EMPTY, target, EMPTY, EMPTY, CLASSES)


def params(**given: Any) -> MMADFERParams:
    return resolve(MMADFERParams, component="mma_dfer", preset="quick", given=TINY | given)


def mma(**given: Any) -> MMADFERRecognizer:
    return MMADFERRecognizer(params(**given))
