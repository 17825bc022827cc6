"""The protocols on USTC-NVIE, with published folds; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.metrics import ALL
from irfer_datasets.protocols import QUALITY, SUPERVISED, WEAK, settings_of

APEX = ("spontaneous_apex",)
VIS = Domain(spectrum="vis", lightings=("front",), parts=APEX)
LWIR = Domain(spectrum="lwir", lightings=("front",), parts=APEX)
POSED_VIS = Domain(spectrum="vis", parts=("posed",))
POSED_LWIR = Domain(spectrum="lwir", parts=("posed",))
CFEE = Domain(spectrum="vis", dataset="cfee")
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
_setting = settings_of(
    dataset="nvie",
    source=VIS,
    classes=BASIC,
    folds=5,
    frames="last(3)",
    unit="frame",
    size=256,
    detector="none",
    crop=1.3,
    no_face="whole",
    metrics=ALL,
    source_text=SPONTANEOUS + COMMON,
)


def _weak(name: str, shots: int | float | None, words: str, **more: Any) -> Setting:
    common: dict[str, Any] = {
        "target": LWIR,
        "shots": shots,
        "source_text": PCA_TEXT + SPONTANEOUS + COMMON,
    }
    kind = more.pop("what", "spontaneous apex")
    return _setting(name, f"visible to thermal, {kind}, {words}", **WEAK, **common | more)


NVIE_LWIR_WEAK5 = _weak("nvie_lwir_weak5", 5, "5 labels per class")
NVIE_LWIR_WEAK0 = _weak("nvie_lwir_weak0", 0, "no label")
NVIE_LWIR_WEAK1 = _weak("nvie_lwir_weak1", 1, "1 label per class")
NVIE_LWIR_WEAK10 = _weak("nvie_lwir_weak10", 10, "10 labels per class")
NVIE_LWIR_WEAK16 = _weak("nvie_lwir_weak16", 16, "16 labels per class")
NVIE_LWIR_WEAK_TENTH = _weak("nvie_lwir_weak_tenth", 0.1, "labels of a tenth of the subjects")
NVIE_LWIR_WEAK_FULL = _weak("nvie_lwir_weak_full", None, "every label")
NVIE_POSED_LWIR_WEAK5 = _weak(
    "nvie_posed_lwir_weak5",
    5,
    "5 labels per class",
    what="posed",
    source=POSED_VIS,
    target=POSED_LWIR,
    source_text=PCA_TEXT + POSED + COMMON,
)
NVIE_SPONTANEOUS3_LWIR_WEAK5 = _weak(
    "nvie_spontaneous3_lwir_weak5",
    5,
    "5 labels per class, disgust, fear and happiness",
    classes=THREE,
    source_text=(
        "Three classes, disgust, fear and happiness, as in many papers on this set: films elicit "
        f"these. {PCA_TEXT}{SPONTANEOUS}{COMMON}"
    ),
)
NVIE_LWIR_SUPERVISED = _setting(
    "nvie_lwir_supervised",
    "trained and tested on thermal, spontaneous apex",
    target=LWIR,
    **SUPERVISED,
)
NVIE_POSED_LWIR_SUPERVISED = _setting(
    "nvie_posed_lwir_supervised",
    "trained and tested on thermal, posed",
    target=POSED_LWIR,
    source_text=POSED + COMMON,
    **SUPERVISED,
)
NVIE_LWIR_QUALITY = _setting(
    "nvie_lwir_quality",
    "translations of visible test images against thermal ones, spontaneous apex",
    target=LWIR,
    **QUALITY,
)
NVIE_POSED_LWIR_QUALITY = _setting(
    "nvie_posed_lwir_quality",
    "translations of visible test images against thermal ones, posed",
    source=POSED_VIS,
    target=POSED_LWIR,
    source_text=POSED + COMMON,
    **QUALITY,
)
NVIE_LWIR_AUGMENTED = _setting(
    "nvie_lwir_augmented",
    "every thermal label, and translations of CFEE",
    target=LWIR,
    kind="augmented",
    extra=CFEE,
    source_text=AUGMENTED_TEXT + SPONTANEOUS + COMMON,
)
