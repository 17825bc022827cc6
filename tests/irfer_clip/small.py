"""Every CLIP method at its smallest, on the tiny CLIP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from irfer_bench.api import Component, Scores, TrainingData
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList, MemoryContext
from irfer_clip.clip_zero_shot import ClipZeroShot
from irfer_clip.clip_zero_shot_params import ClipZeroShotParams
from irfer_clip.hooks import irfer_bench_components
from irfer_clip.pca import Pca
from irfer_clip.pca_params import PcaParams
from irfer_clip.pda import Pda
from irfer_clip.pda_params import PdaParams
from irfer_clip.vpt import Vpt
from irfer_clip.vpt_params import VptParams
from tests.irfer_clip.tiny import clips, training

NONE = ClipList([])
SOURCE, TARGET = clips(18, seed=1), clips(6, seed=2, spectrum="nir")
TEST = clips(9, seed=9, spectrum="nir")
SMALL: dict[str, dict[str, Any]] = {
    "clip_zero_shot": {},
    "pca": {"J": 2, "epochs": 2, "batch": 6, "N": 2},
    "pda": {"epochs": 2, "batch": 6, "N": 2, "confidence": 0.3},
    "vpt": {"n": 2, "depth": 2, "epochs": 2, "batch": 6},
}
TRAINED = ("pca", "pda", "vpt")


def announced(name: str) -> Component:
    return next(c for c in irfer_bench_components() if c.name == name)


def make(name: str, **given: Any) -> Any:
    kinds: dict[str, Any] = {
        "clip_zero_shot": (ClipZeroShot, ClipZeroShotParams), "pca": (Pca, PcaParams),
        "pda": (Pda, PdaParams), "vpt": (Vpt, VptParams),
    }  # fmt: skip
    method, params = kinds[name]
    values = {"backbone": "tiny.safetensors"} | SMALL[name] | given
    return method(resolve(params, component=name, given=values))


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
