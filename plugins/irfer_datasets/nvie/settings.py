"""The protocols on USTC-NVIE, with published folds; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import Domain
from irfer_datasets.protocols import (
    PAIRED_PROTOCOL,
    QUALITY,
    SUPERVISED,
    WEAK,
    Fields,
    augmented,
    constants,
    weak,
)

APEX = ("spontaneous_apex",)
VIS = Domain(spectrum="vis", lightings=("front",), parts=APEX)
LWIR = Domain(spectrum="lwir", lightings=("front",), parts=APEX)
POSED_VIS = Domain(spectrum="vis", parts=("posed",))
POSED_LWIR = Domain(spectrum="lwir", parts=("posed",))
THREE = ("disgust", "fear", "happiness")

COMMON = (
    "Folds: by subject, 80/20 as in NFER-SDE, here five published lists of subject numbers (every "
    "fifth of 001 to 300), the same for both cameras. Of every folder the last three images at "
    "most. Detectors of visible faces find few in thermal images, and visible crops beside "
    "whole thermal images would differ in scale: by default both stay whole, centre square, 256 "
    "pixels; --boxes FILE or --detector NAME crops both. "
    "Visible images are 704x480 at 30 frames a second and thermal ones 320x240 at 25, of other "
    "lenses: pairs are of clips, geometry is unregistered, and pixel metrics are bounded by that. "
    "Sixteen-bit thermal images are scaled by their 1 to 99 percentile."
)
SPONTANEOUS = (
    "Spontaneous part, front light, apex folders, six classes; the label is the expression with "
    "the highest rating of a clip, and ties and unrated clips are left out. "
)
POSED = "Posed part, every light, with and without glasses, six classes. "
PCA_TEXT = (
    "PCA (IEEE SPL 2025) names the task NVIE visible to infrared and neither classes, shots nor "
    "split; the labelled items come from distinct training subjects where possible, in five fixed "
    "draws: protocol-compatible, not reproduced. "
)
AUGMENTED_TEXT = (
    "NFER-SDE's protocol, which the paper runs on near-infrared only: the translator is fitted on "
    "the training subjects' pairs; the whole six-class CFEE, centre squares too, is translated and "
    "joins the labelled thermal training images. "
)
_POSED: Fields = {"source": POSED_VIS, "target": POSED_LWIR, "source_text": POSED + COMMON}
_PROTOCOLS: dict[str, Fields] = {
    **weak("nvie_lwir", source_text=PCA_TEXT + SPONTANEOUS + COMMON),
    **weak("nvie_posed_lwir", ["weak5"], **{**_POSED, "source_text": PCA_TEXT + POSED + COMMON}),
    "nvie_spontaneous3_lwir_weak5": {
        **WEAK,
        "classes": THREE,
        "shots": 5,
        "source_text": (
            "Three classes, disgust, fear and happiness, as in many papers on this set: films "
            f"elicit these. {PCA_TEXT}{SPONTANEOUS}{COMMON}"
        ),
    },
    "nvie_lwir_supervised": SUPERVISED,
    "nvie_posed_lwir_supervised": {
        **_POSED,
        **SUPERVISED,
    },
    "nvie_lwir_quality": QUALITY,
    "nvie_posed_lwir_quality": {
        **QUALITY,
        **_POSED,
    },
    **augmented("nvie_lwir", AUGMENTED_TEXT + SPONTANEOUS + COMMON),
}
_DEFAULT = {"source": VIS, "target": LWIR, "source_text": SPONTANEOUS + COMMON}
globals().update(constants("nvie", _PROTOCOLS, **PAIRED_PROTOCOL, **_DEFAULT))
