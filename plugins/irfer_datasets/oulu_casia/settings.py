"""The protocols on Oulu-CASIA, with published folds; imports nothing heavy."""

from __future__ import annotations

from typing import Any

import msgspec

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.metrics import ALL, PICTURES, RECOGNITION

VIS = Domain(spectrum="vis", lightings=("strong",))
NIR = Domain(spectrum="nir", lightings=("strong",))
DARK = Domain(spectrum="vis", lightings=("dark",))
DRAWS = 5
"""Fixed draws of the labelled target items; a full row has all of them (recognizers.md §6.8)."""

TEXT = (
    "Split rule of NFER-SDE: by subject, 80/20, here as five published subject lists that "
    "partition P001 to P080 (every fifth), the same for both cameras. Peak frames: the last three "
    "of each sequence. Six basic expressions. Whole frames, centre square, 256 pixels. "
    "The cameras are not frame-aligned: pairs are k-th from the end, and pixel metrics are bounded "
    "by that misalignment."
)
PCA_TEXT = (
    "PCA (IEEE SPL 2025) names the task and neither shots nor split; the labelled items come from "
    "distinct training subjects where possible, in five fixed draws: protocol-compatible, not "
    "reproduced. "
)


def _setting(name: str, kind: Any, target: Domain, summary: str, **more: Any) -> Setting:
    common: dict[str, Any] = {
        "classes": BASIC,
        "folds": 5,
        "frames": "last(3)",
        "unit": "frame",
        "size": 256,
        "metrics": ALL,
        "source": VIS,
        "source_text": TEXT,
    }
    return Setting(
        name=name,
        kind=kind,
        dataset="oulu_casia",
        target=target,
        summary=summary,
        **(common | more),
    )


def _weak(name: str, target: Domain, shots: int | float | None, words: str) -> Setting:
    return _setting(
        name,
        "weak",
        target,
        f"visible strong to {words}",
        shots=shots,
        draws=DRAWS,
        seeds=DRAWS,
        source_text=PCA_TEXT + TEXT,
    )


def _nir(name: str, shots: int | float | None, words: str) -> Setting:
    return _weak(name, NIR, shots, f"near-infrared strong, {words}")


OULU_NIR_WEAK5 = _nir("oulu_nir_weak5", 5, "5 labels per class")
OULU_NIR_WEAK0 = _nir("oulu_nir_weak0", 0, "no label")
OULU_NIR_WEAK1 = _nir("oulu_nir_weak1", 1, "1 label per class")
OULU_NIR_WEAK10 = _nir("oulu_nir_weak10", 10, "10 labels per class")
OULU_NIR_WEAK16 = _nir("oulu_nir_weak16", 16, "16 labels per class")
OULU_NIR_WEAK_TENTH = _nir("oulu_nir_weak_tenth", 0.1, "labels of a tenth of the training subjects")
OULU_NIR_WEAK_FULL = _nir("oulu_nir_weak_full", None, "every label")
OULU_DARK_WEAK5 = msgspec.structs.replace(
    _weak("oulu_dark_weak5", DARK, 5, "visible dark, 5 labels per class"), paired=False
)
"""Recorded apart from strong light, so it has no pairs."""

OULU_NIR_SUPERVISED = _setting(
    "oulu_nir_supervised",
    "supervised",
    NIR,
    "trained and tested on near-infrared strong",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
OULU_NIR_QUALITY = _setting(
    "oulu_nir_quality",
    "quality",
    NIR,
    "translations of visible test frames against near-infrared ones, strong light",
    metrics=PICTURES,
    primary="lpips",
)
