"""The protocols on a Hugging Face dataset; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import BASIC, Domain
from irfer_datasets.metrics import ALL
from irfer_datasets.protocols import QUALITY, SUPERVISED, WEAK, settings_of

VIS = Domain(spectrum="vis", parts=("main",))
NIR = Domain(spectrum="nir", parts=("main",))
LWIR = Domain(spectrum="lwir", parts=("main",))

TEXT = (
    "Rows of a Hugging Face dataset: a folder, or a hub id pinned to a commit. Folds, decided "
    "here: the split column (or the splits of the files) where it has test; where it says "
    "set_1 to set_k, each is tested once; else five by sorted subjects (every fifth), by row "
    "where there are no subjects. Part extra is never used. Six basic expressions. Centre square, "
    "256 pixels; 16-bit images by their 1 to 99 percentile. Unofficial copies of licensed sets "
    "on the hub are never a default: their licence tags are often wrong."
)

_setting = settings_of(
    dataset="hub",
    source=VIS,
    classes=BASIC,
    folds=5,
    frames="all",
    unit="frame",
    size=256,
    metrics=ALL,
    source_text=TEXT,
)


HUB_VIS_SUPERVISED = _setting(
    "hub_vis_supervised",
    "trained and tested on visible",
    target=VIS,
    **SUPERVISED,
)
HUB_NIR_WEAK5 = _setting(
    "hub_nir_weak5",
    "visible to near-infrared, 5 labels per class",
    target=NIR,
    shots=5,
    **WEAK,
)
HUB_LWIR_WEAK5 = _setting(
    "hub_lwir_weak5",
    "visible to thermal, 5 labels per class",
    target=LWIR,
    shots=5,
    **WEAK,
)
HUB_NIR_SUPERVISED = _setting(
    "hub_nir_supervised",
    "trained and tested on near-infrared",
    target=NIR,
    **SUPERVISED,
)
HUB_NIR_QUALITY = _setting(
    "hub_nir_quality",
    "translations of visible test images against their near-infrared partners",
    target=NIR,
    **QUALITY,
)
HUB_LWIR_QUALITY = _setting(
    "hub_lwir_quality",
    "translations of visible test images against their thermal partners",
    target=LWIR,
    **QUALITY,
)
