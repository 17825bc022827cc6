"""What the settings of several datasets say in the same words; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from irfer_bench.api import Setting
from irfer_datasets.metrics import IMAGE_SUFFIXES, RECOGNITION

DRAWS = 5
"""Fixed draws of the labelled target items; a full row has all of them (recognizers.md §6.8)."""
WEAK: Mapping[str, Any] = {"kind": "weak", "draws": DRAWS, "seeds": DRAWS}
SUPERVISED: Mapping[str, Any] = {
    "kind": "supervised",
    "source": None,
    "metrics": RECOGNITION,
    "primary": "uar",
}
QUALITY: Mapping[str, Any] = {"kind": "quality", "metrics": IMAGE_SUFFIXES, "primary": "lpips"}
CROPPED: Mapping[str, Any] = {"detector": "opencv", "crop": 1.3, "no_face": "whole"}
"""Images of more than a face: a square around it, the whole image where none is found."""
FILMS: Mapping[str, Any] = {
    "folds": 5,
    "frames": "uniform(16)",
    "unit": "item",
    "audio": True,
    "size": 224,
    "metrics": ("uar", "war", "accuracy", "macro_f1"),
    "primary": "uar",
}
SIMULATED = (
    "{} has no infrared. Training and test clips are translated by a translator fitted on the "
    "dataset named by --fit-translator-on (its training subjects only); every number says how well "
    "simulated infrared is recognised, none says anything about real infrared. "
)


def settings_of(**common: Any) -> Callable[..., Setting]:
    """A maker of settings that say `common`, and in their place whatever else each says itself."""

    def setting(name: str, summary: str, **own: Any) -> Setting:
        return Setting(name=name, summary=summary, **(common | own))

    return setting
