"""Parts that the settings of several datasets share; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from irfer_bench.api import Setting
from irfer_datasets.metrics import IMAGE_METRICS, RECOGNITION

DRAWS = 5
"""Fixed draws of the labelled target items; a full row has all of them."""
WEAK: Mapping[str, Any] = {"kind": "weak", "draws": DRAWS, "seeds": DRAWS}
SUPERVISED: Mapping[str, Any] = {
    "kind": "supervised",
    "source": None,
    "metrics": RECOGNITION,
    "primary": "uar",
}
QUALITY: Mapping[str, Any] = {"kind": "quality", "metrics": IMAGE_METRICS, "primary": "lpips"}
CROPPED: Mapping[str, Any] = {"detector": "opencv", "crop": 1.3, "no_face": "whole"}
"""Images of more than a face: a square around it, the whole image where none is found."""
VIDEO_PROTOCOL: Mapping[str, Any] = {
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
    """A function that makes settings with the fields `common`, which each may override."""

    def setting(name: str, summary: str, **own: Any) -> Setting:
        return Setting(name=name, summary=summary, **(common | own))

    return setting
