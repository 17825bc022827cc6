"""Expressions of synthetic faces: FACS action units with intensity, overlapping between classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from irfer_bench.api import CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

UNITS = (
    "inner_brow",
    "outer_brow",
    "brow_lower",
    "lid_raise",
    "cheek_raise",
    "lid_tight",
    "nose_wrinkle",
    "lip_raise",
    "corner_pull",
    "dimple",
    "corner_drop",
    "chin_raise",
    "lip_stretch",
    "lip_tight",
    "lips_part",
    "jaw_drop",
)
"""FACS 1, 2, 4, 5, 6, 7, 9, 10, 12, 14 (one-sided), 15, 17, 20, 23, 25, 26."""
FACS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26)

PROTOTYPES: Mapping[str, Mapping[int, float]] = {
    "anger": {4: 1.0, 5: 0.45, 7: 0.75, 10: 0.2, 17: 0.35, 23: 0.9, 9: 0.15},
    "disgust": {4: 0.55, 9: 1.0, 10: 0.8, 7: 0.55, 15: 0.35, 17: 0.4, 25: 0.2},
    "fear": {1: 0.95, 2: 0.5, 4: 0.55, 5: 0.85, 20: 0.9, 25: 0.7, 26: 0.35},
    "happiness": {6: 0.9, 12: 1.0, 25: 0.6, 7: 0.2},
    "sadness": {1: 0.9, 4: 0.5, 15: 0.95, 17: 0.6, 7: 0.25},
    "surprise": {1: 0.9, 2: 0.95, 5: 0.8, 25: 0.7, 26: 0.9},
    "neutral": {},
    "contempt": {14: 1.0, 12: 0.1, 7: 0.15},
}
"""EMFACS prototypes, action unit to full intensity."""
BLENDS: Mapping[str, Mapping[str, float]] = {
    "anxiety": {"fear": 0.6, "sadness": 0.3},
    "helplessness": {"sadness": 0.65, "fear": 0.25},
    "disappointment": {"sadness": 0.55, "disgust": 0.2, "contempt": 0.3},
}
NEIGHBOURS: Mapping[str, str] = {
    "fear": "surprise",
    "surprise": "fear",
    "anger": "disgust",
    "disgust": "anger",
}
INTENSITY = (0.7, 1.0)
BLEND = 0.38
"""Largest share of the neighbouring class; the label stays with the larger share."""
UNIT_SPREAD = 0.18
DROPOUT = 0.05
STRAY = 0.06


def prototype(name: str) -> NDArray[Any]:
    """(16,) full-intensity action units of a class, blends resolved."""
    if name in BLENDS:
        return np.asarray(sum(w * prototype(part) for part, w in BLENDS[name].items()))
    return np.array([PROTOTYPES[name].get(unit, 0.0) for unit in FACS])


def draw_expression(name: str, rng: np.random.Generator) -> tuple[NDArray[Any], float]:
    """(16,) action units from 0 to 1.25 and overall intensity 0 to 1 of one moment of a class.

    Units vary one by one, some are missing, some stray ones appear, and the classes of
    `NEIGHBOURS` blend into each other, so that the classes overlap.
    """
    intensity = float(rng.uniform(*INTENSITY)) if name != "neutral" else 0.0
    share = BLEND * float(rng.beta(1.0, 1.6))
    other = CLASSES[int(rng.integers(0, 6))]
    units = prototype(name)
    if name in NEIGHBOURS:
        units = (1.0 - share) * units + share * prototype(NEIGHBOURS[name])
    elif name != "neutral":
        units = units + 0.25 * share * (prototype(other) - units)
    units = intensity * units * (1.0 + UNIT_SPREAD * rng.standard_normal(len(UNITS)))
    units = np.where(rng.random(len(UNITS)) < DROPOUT, 0.3 * units, units)
    units = units + STRAY * np.abs(rng.standard_normal(len(UNITS))) * (rng.random(len(UNITS)) < 0.4)
    return np.clip(units, 0.0, 1.25), intensity
