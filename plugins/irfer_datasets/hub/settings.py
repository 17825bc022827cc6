"""The protocols on a Hugging Face dataset; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import Domain
from irfer_datasets.protocols import PAIRED_PROTOCOL, QUALITY, SUPERVISED, Fields, constants, weak

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
_PROTOCOLS: dict[str, Fields] = {
    "hub_vis_supervised": {**SUPERVISED, "target": VIS},
    **weak("hub_nir", ["weak5"], target=NIR),
    "hub_nir_supervised": {**SUPERVISED, "target": NIR},
    "hub_nir_quality": {**QUALITY, "target": NIR},
    **weak("hub_lwir", ["weak5"], target=LWIR),
    "hub_lwir_quality": {**QUALITY, "target": LWIR},
}
_COMMON = {**PAIRED_PROTOCOL, "frames": "all", "source": VIS, "source_text": TEXT}
globals().update(constants("hub", _PROTOCOLS, **_COMMON))
