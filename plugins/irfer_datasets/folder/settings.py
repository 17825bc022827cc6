"""The protocols on anyone's own pictures; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.metrics import ALL, PICTURES, RECOGNITION

VIS = Domain(spectrum="vis", parts=("main",))
NIR = Domain(spectrum="nir", parts=("main",))
LWIR = Domain(spectrum="lwir", parts=("main",))
EXTRA = Domain(spectrum="vis", parts=("extra",))
DRAWS = 5

TEXT = (
    "Own pictures. Folds: the manifest's split column where it has one, else five by sorted "
    "subjects (every fifth), by item where there are no subjects. Six basic expressions. Centre "
    "square, 256 pixels; 16-bit pictures by their 1 to 99 percentile."
)


def _setting(name: str, kind: Any, target: Domain, summary: str, **more: Any) -> Setting:
    common: dict[str, Any] = {
        "classes": BASIC,
        "folds": 5,
        "frames": "all",
        "unit": "frame",
        "size": 256,
        "metrics": ALL,
        "source": VIS,
        "source_text": TEXT,
    }
    return Setting(
        name=name,
        kind=kind,
        dataset="folder",
        target=target,
        summary=summary,
        **(common | more),
    )


FOLDER_NIR_WEAK5 = _setting(
    "folder_nir_weak5",
    "weak",
    NIR,
    "visible to near-infrared, 5 labels per class",
    shots=5,
    draws=DRAWS,
    seeds=DRAWS,
)
FOLDER_LWIR_WEAK5 = _setting(
    "folder_lwir_weak5",
    "weak",
    LWIR,
    "visible to thermal, 5 labels per class",
    shots=5,
    draws=DRAWS,
    seeds=DRAWS,
)
FOLDER_NIR_AUGMENTED = _setting(
    "folder_nir_augmented",
    "augmented",
    NIR,
    "every near-infrared label, and translations of the visible pictures under extra/",
    extra=EXTRA,
)
FOLDER_NIR_SUPERVISED = _setting(
    "folder_nir_supervised",
    "supervised",
    NIR,
    "trained and tested on near-infrared",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
FOLDER_LWIR_SUPERVISED = _setting(
    "folder_lwir_supervised",
    "supervised",
    LWIR,
    "trained and tested on thermal",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
FOLDER_VIS_SUPERVISED = _setting(
    "folder_vis_supervised",
    "supervised",
    VIS,
    "trained and tested on visible",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
FOLDER_NIR_QUALITY = _setting(
    "folder_nir_quality",
    "quality",
    NIR,
    "translations of visible test pictures against their near-infrared partners",
    metrics=PICTURES,
    primary="lpips",
)
