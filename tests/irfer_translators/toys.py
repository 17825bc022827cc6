"""Toy faces and settings small enough that a whole translation takes a second."""

from __future__ import annotations

from typing import Any

import numpy as np

from irfer_bench.api import Clip, Spectrum, TranslationData
from irfer_bench.contracts.params import resolve
from irfer_bench.testing.memory import ClipList
from irfer_translators.diffusion.nfer_sde_params import NferSdeParams

TINY: dict[str, Any] = {
    "size": 16, "iterations": 3, "batch": 2, "h_iterations": 3, "h_batch": 2, "steps": 3,
    "warmup": 1,
}


def clip(
    name: str, spectrum: Spectrum = "vis", frames: int = 1, side: int = 20, landmarks: bool = True
) -> Clip:
    """A clip whose pixels and landmarks follow from its name."""
    rng = np.random.default_rng(abs(hash_of(name)))
    pixels = rng.integers(0, 256, (frames, side, side, 3), dtype=np.uint8)
    if spectrum != "vis":
        pixels = np.repeat(pixels[..., :1], 3, -1)
    marks = rng.uniform(2, side - 3, (frames, 68, 2)).astype(np.float32) if landmarks else None
    return Clip(
        name, pixels, spectrum, label="fear", subject=name[:2], pair=name, fps=25.0,
        audio=np.zeros(8, np.float32), sample_rate=16000, landmarks=marks,
    )


def hash_of(name: str) -> int:
    """Equal in every process, unlike `hash`."""
    return int.from_bytes(name.encode()[:8].ljust(8, b"."), "big") >> 1


def paired(count: int = 4, **more: Any) -> TranslationData:
    """`count` pairs of stills."""
    source = ClipList([clip(f"v{k}", "vis", **more) for k in range(count)])
    target = ClipList([clip(f"n{k}", "nir", **more) for k in range(count)])
    return TranslationData(source, target, [(k, k) for k in range(count)], "vis", "nir")


def params(variant: str = "", **given: Any) -> NferSdeParams:
    """The quick preset made tiny."""
    return resolve(
        NferSdeParams, component="nfer_sde", variant=variant, preset="quick",
        given={**TINY, **given},
    )
