"""What a metric is given, made up: everything that a cell can have."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from irfer_bench.api import Clip, Metric, Params, ScoreInputs
from irfer_metrics.hooks import irfer_bench_components

COMPONENTS = list(irfer_bench_components())
CLASSES = ("anger", "disgust", "fear")


def make(name: str) -> Metric:
    component = next(c for c in COMPONENTS if c.name == name)
    module, _, factory = component.factory.partition(":")
    metric = getattr(importlib.import_module(module), factory)(Params())
    assert isinstance(metric, Metric)
    return metric


def log_softmax(logits: Any) -> Any:
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def clip(frames: Any, name: str = "c") -> Clip:
    frames = np.asarray(frames, np.uint8)
    frames.flags.writeable = False
    return Clip(id=name, frames=frames, spectrum="nir")


def inputs(count: int = 12, *, size: int = 32, seed: int = 0, **changes: Any) -> ScoreInputs:
    """Everything a cell can have; the translated side is worse than the true one."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    logits = generator.normal(size=(count, 3)) + 2.5 * np.eye(3)[labels]
    truth = generator.integers(0, 256, (count, 2, size, size, 3))
    noisy = np.clip(truth + generator.normal(0, 20, truth.shape), 0, 255)
    known: dict[str, Any] = {}

    def once(name: str, build: Callable[[], Any]) -> Any:
        if name not in known:
            known[name] = build()
        return known[name]

    features = generator.normal(size=(count, 8))
    values: dict[str, Any] = {
        "classes": CLASSES, "labels": labels, "scores": log_softmax(logits),
        "pair_labels": labels,
        "pair_scores": log_softmax(logits / 2 + generator.normal(size=(count, 3))),
        "pair_target_scores": log_softmax(logits),
        "pairs": [(clip(a), clip(b)) for a, b in zip(noisy, truth, strict=True)],
        "features": (features + 0.8, generator.normal(size=(count, 8))),
        "once": once,
        "sources": [clip(b) for b in truth],
    }
    return ScoreInputs(**(values | changes))
