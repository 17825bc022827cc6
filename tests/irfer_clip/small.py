"""Every CLIP method at its smallest, on the tiny CLIP."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from irfer_bench.api import Component, Scores, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip import prompt_classifier
from irfer_clip.hooks import irfer_bench_components
from tests.irfer_clip.tiny import clips, training
from tests.recorder import Recorder

NONE = ClipList([])
SOURCE, TARGET = clips(18, seed=1), clips(6, seed=2, spectrum="nir")
TEST = clips(9, seed=9, spectrum="nir")
SMALL: dict[str, dict[str, Any]] = {
    "clip_frame_mean": {},
    "clip_zero_shot": {},
    "linear_probe": {},
    "coop": {"n_ctx": 4, "epochs": 2, "batch": 6},
    "cocoop": {"ctx_init": "", "n_ctx": 2, "epochs": 2, "batch": 6},
    "dfer_clip": {"n_ctx": 2, "segments": 3, "heads": 2, "epochs": 2, "batch": 6},
    "maple": {"J": 2, "epochs": 2, "batch": 6},
    "ivlp": {"depth_text": 2, "depth_visual": 2, "epochs": 2, "batch": 6},
    "mpa_fer": {"n_ctx": 3, "n_visual": 2, "topk": 2, "epochs": 2, "batch": 6},
    "pca": {"J": 2, "epochs": 2, "batch": 6, "N": 2},
    "pda": {"epochs": 2, "batch": 6, "N": 2, "confidence": 0.3},
    "vpt": {"n": 2, "depth": 2, "epochs": 2, "batch": 6},
}
BY_FRAME = tuple(name for name in SMALL if name not in ("clip_frame_mean", "dfer_clip"))
"""Methods that score frames one by one; `clip_frame_mean` averages features before it scores."""
PROMPTED = ("coop", "cocoop", "maple", "ivlp", "mpa_fer", "pca", "pda", "vpt")
TRAINED = ("linear_probe", *PROMPTED)


def announced(name: str) -> Component:
    return next(c for c in irfer_bench_components() if c.name == name)


def make(name: str, **given: Any) -> Any:
    component = announced(name)
    method, params = load_named(component.factory), load_named(component.params)
    values = {"backbone": "tiny.safetensors"} | SMALL[name] | given
    return method(resolve(params, component=name, given=values))


def load_named(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def context(name: str, folder: Path, **given: Any) -> MemoryContext:
    """A context that knows the method's name and declared parts, as the host's does."""
    component = announced(name)
    return MemoryContext(
        seed=3, weights=folder, component=f"{name}/{component.version}", owners=component.parts,
        **given,
    )


def data(source: ClipList = SOURCE, target: ClipList = TARGET) -> TrainingData:
    return training(source, target, clips(12, seed=5, spectrum="nir").unlabelled())


def run(name: str, folder: Path, given: TrainingData, **params: Any) -> tuple[Any, Scores]:
    method, ctx = make(name, **params), context(name, folder)
    method.fit(given, ctx)
    return method, method.predict(TEST, ctx)


def recorded(
    name: str, folder: Path, patch: pytest.MonkeyPatch, given: TrainingData | None = None,
    **params: Any,
) -> tuple[Recorder, Any, Any]:
    """A fit whose step loop is recorded instead of run; also the method and its context."""
    loop = Recorder.install(patch, prompt_classifier)
    method, ctx = make(name, **params), context(name, folder)
    method.fit(given or data(), ctx)
    return loop, method, ctx
