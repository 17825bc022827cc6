"""The protocols on a Hugging Face dataset; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.metrics import ALL, PICTURES, RECOGNITION

VIS = Domain(spectrum="vis", parts=("main",))
NIR = Domain(spectrum="nir", parts=("main",))
LWIR = Domain(spectrum="lwir", parts=("main",))
DRAWS = 5

TEXT = (
    "Rows of a Hugging Face dataset: a folder, or a hub id pinned to a commit. Folds, decided "
    "here: the split column (or the splits of the files) where it has test; where it says "
    "set_1 to set_k, each is tested once; else five by sorted subjects (every fifth), by row "
    "where there are no subjects. Part extra is never used. Six basic expressions. Centre square, "
    "256 pixels; 16-bit pictures by their 1 to 99 percentile. Unofficial copies of licensed sets "
    "on the hub are nobody's default: their licence tags are often wrong (datasets.md section 14)."
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
        dataset="hub",
        target=target,
        summary=summary,
        **(common | more),
    )


HUB_VIS_SUPERVISED = _setting(
    "hub_vis_supervised",
    "supervised",
    VIS,
    "trained and tested on visible",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
HUB_NIR_WEAK5 = _setting(
    "hub_nir_weak5",
    "weak",
    NIR,
    "visible to near-infrared, 5 labels per class",
    shots=5,
    draws=DRAWS,
    seeds=DRAWS,
)
HUB_LWIR_WEAK5 = _setting(
    "hub_lwir_weak5",
    "weak",
    LWIR,
    "visible to thermal, 5 labels per class",
    shots=5,
    draws=DRAWS,
    seeds=DRAWS,
)
HUB_NIR_SUPERVISED = _setting(
    "hub_nir_supervised",
    "supervised",
    NIR,
    "trained and tested on near-infrared",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
HUB_NIR_QUALITY = _setting(
    "hub_nir_quality",
    "quality",
    NIR,
    "translations of visible test pictures against their near-infrared partners",
    metrics=PICTURES,
    primary="lpips",
)
