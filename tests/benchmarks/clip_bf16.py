"""PCA and MaPLe in bf16, against the official way in fp32, at equal accuracy.

Ratios are those of `clip.py`; accuracy is that of `quick`, fitted and tested in either precision on
faces that are drawn for tests.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from irfer_bench.contracts.params import resolve
from irfer_bench.testing.faces import make_faces, training_data
from irfer_bench.testing.memory import MemoryContext
from irfer_clip.maple import Maple
from irfer_clip.maple_params import MapleParams
from irfer_clip.pca import Pca
from irfer_clip.pca_params import PcaParams
from tests.benchmarks import clip

METHODS: dict[str, tuple[Any, Any, Any]] = {
    "pca": (Pca, PcaParams, clip.pca_epoch),
    "maple": (Maple, MapleParams, clip.maple_epoch),
}
APART = 0.05
"""By how much the accuracies may differ."""


def bf16_epoch(name: str, tiny: bool) -> tuple[float, float]:
    """Our steps in bf16 against the official way's in fp32, once accuracies were compared."""
    exact, rounded = (accuracy(name, precision, tiny) for precision in ("fp32", "bf16"))
    assert abs(exact - rounded) <= APART, f"{name}: {exact:.3f} in fp32, {rounded:.3f} in bf16"
    taken: tuple[float, float] = METHODS[name][2](tiny, bf16=True)
    return taken


@lru_cache
def accuracy(name: str, precision: str, tiny: bool, seed: int = 0) -> float:
    """Of `quick` on near-infrared images of other people, fitted and tested in this precision."""
    method, params, _ = METHODS[name]
    given = {"epochs": 1, "batch": 8} if tiny else {}
    fitted = method(resolve(params, component=name, preset="quick", given=given))
    ctx = MemoryContext(precision=precision, seed=seed)
    fitted.fit(training_data(subjects=range(2 if tiny else 9)), ctx)
    test = make_faces("nir", range(18, 48))
    best = [fitted.classes[column] for column in fitted.predict(test, ctx).argmax(axis=1)]
    return float(np.mean([name == item.label for name, item in zip(best, test, strict=True)]))
