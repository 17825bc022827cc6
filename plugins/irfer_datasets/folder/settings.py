"""The protocols on a user's own images; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import BASIC, Domain
from irfer_datasets.metrics import ALL
from irfer_datasets.protocols import QUALITY, SUPERVISED, WEAK, settings_of

VIS = Domain(spectrum="vis", parts=("main",))
NIR = Domain(spectrum="nir", parts=("main",))
LWIR = Domain(spectrum="lwir", parts=("main",))
EXTRA = Domain(spectrum="vis", parts=("extra",))

TEXT = (
    "Own images. Folds: the manifest's split column where it has one, else five by sorted "
    "subjects (every fifth), by item where there are no subjects. Six basic expressions. Centre "
    "square, 256 pixels; 16-bit images by their 1 to 99 percentile."
)

_setting = settings_of(
    dataset="folder",
    source=VIS,
    classes=BASIC,
    folds=5,
    frames="all",
    unit="frame",
    size=256,
    metrics=ALL,
    source_text=TEXT,
)


FOLDER_NIR_WEAK5 = _setting(
    "folder_nir_weak5",
    "visible to near-infrared, 5 labels per class",
    target=NIR,
    shots=5,
    **WEAK,
)
FOLDER_LWIR_WEAK5 = _setting(
    "folder_lwir_weak5",
    "visible to thermal, 5 labels per class",
    target=LWIR,
    shots=5,
    **WEAK,
)
FOLDER_NIR_AUGMENTED = _setting(
    "folder_nir_augmented",
    "every near-infrared label, and translations of the visible images under extra/",
    target=NIR,
    kind="augmented",
    extra=EXTRA,
)
FOLDER_NIR_SUPERVISED = _setting(
    "folder_nir_supervised",
    "trained and tested on near-infrared",
    target=NIR,
    **SUPERVISED,
)
FOLDER_LWIR_SUPERVISED = _setting(
    "folder_lwir_supervised",
    "trained and tested on thermal",
    target=LWIR,
    **SUPERVISED,
)
FOLDER_VIS_SUPERVISED = _setting(
    "folder_vis_supervised",
    "trained and tested on visible",
    target=VIS,
    **SUPERVISED,
)
FOLDER_NIR_QUALITY = _setting(
    "folder_nir_quality",
    "translations of visible test images against their near-infrared partners",
    target=NIR,
    **QUALITY,
)
