"""The protocols on Oulu-CASIA, with published folds; imports nothing heavy."""

from __future__ import annotations

import msgspec

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.metrics import ALL
from irfer_datasets.protocols import CROPPED, QUALITY, SUPERVISED, WEAK, settings_of

VIS = Domain(spectrum="vis", lightings=("strong",))
NIR = Domain(spectrum="nir", lightings=("strong",))
DARK = Domain(spectrum="vis", lightings=("dark",))
NIR_DARK = Domain(spectrum="nir", lightings=("dark",))
VIS_WEAK = Domain(spectrum="vis", lightings=("weak",))
NIR_WEAK = Domain(spectrum="nir", lightings=("weak",))
EVERY_VIS = Domain(spectrum="vis")
EVERY_NIR = Domain(spectrum="nir")
CFEE = Domain(spectrum="vis", dataset="cfee")
KDEF = Domain(spectrum="vis", dataset="kdef", parts=("straight",))

SPLIT = (
    "Split rule of NFER-SDE: by subject, 80/20, here as five published subject lists that "
    "partition P001 to P080 (every fifth), the same for both cameras. Peak frames: the last three "
    "of each sequence. Six basic expressions. 256 pixels. "
)
TEXT = SPLIT + (
    "The original tree's images are 320x240 and not cropped: square crop by the detector opencv, "
    "1.3 times the face's box, the whole image where no face is found; the official crops "
    "(oulu_casia.tree=preprocessed) go the same way and are another dataset to a record. "
    "The cameras are not frame-aligned: pairs are k-th from the end, and pixel metrics are bounded "
    "by that misalignment."
)
PCA_TEXT = (
    "PCA (IEEE SPL 2025) names the task and neither shots nor split; the labelled items come from "
    "distinct training subjects where possible, in five fixed draws: protocol-compatible, not "
    "reproduced. "
)
UDA_TEXT = (
    "Unsupervised domain adaptation: the training subjects' visible images with labels and their "
    "near-infrared ones without. "
)
DARK_TEXT = (
    "Dark is the visible camera without light (VL/Dark in RGB), as in the data lists of PDF, "
    "which shares an author with PCA; there frames of every illumination may be source, which "
    "would put test images into training, so here the source is strong light only. Recorded apart "
    "from strong light: no pairs. These images are nearly black and no detector finds faces in "
    "them, so those of both illuminations stay whole, centre square, as in PDF. "
)
AUGMENTED_TEXT = (
    "NFER-SDE's own protocol: the translator is fitted on the training subjects' pairs, visible "
    "and near-infrared under strong light; the whole six-class CFEE is translated and joins the "
    "labelled near-infrared training images; near-infrared images of the test subjects are "
    "scored. The paper makes five random 80/20 splits by subject; here five published lists "
    "partition the subjects, so that everybody is tested once. Its accuracies are multiples of "
    "1/1080, and 1,080 scored images cannot be reproduced from its text: the last three frames "
    "of 16 test subjects are 288, of all 80 are 1,440. It crops by face-alignment, here by "
    "opencv. "
)
KDEF_TEXT = (
    "As oulu_nir_augmented, with KDEF in place of CFEE: NFER-SDE's text on data names CFEE alone, "
    "its implementation details CFEE and KDEF. Frontal views of both sessions, six classes. "
)
WEAK_LIGHT_TEXT = (
    "Both cameras under weak light. NFER-SDE does not say which illuminations it scores, so each "
    "has a setting of its own. "
)
LIGHTS_TEXT = (
    "Strong, weak and dark together: NFER-SDE does not say which illuminations it uses, and its "
    "visible images are so unlike its near-infrared ones that dark ones are probably among them. "
    "A record holds its metrics by illumination too. No detector finds faces in visible dark "
    "images, so all images stay whole, centre square. The cameras are not frame-aligned: pairs "
    "are k-th from the end. "
)
DARK_QUALITY_TEXT = (
    "Both cameras without visible light: the visible images that are translated are nearly black "
    "and no detector finds faces in them, so those of both cameras stay whole, centre square. "
    "NFER-SDE does not say which illuminations it scores, so each has a setting of its own. The "
    "cameras are not frame-aligned: pairs are k-th from the end. "
)
NIR_DARK_TEXT = (
    "The near-infrared camera without visible light, which hardly changes its images: an option "
    "beside the dark task on the visible camera. Recorded apart from strong light: no pairs. "
)
CROSS_TEXT = (
    "What a recognizer of visible faces is worth in the near-infrared without one near-infrared "
    "label: trained on the training subjects' visible images (none and identity: as they are; "
    "else translated), tested on the test subjects' near-infrared ones. "
)

_setting = settings_of(
    dataset="oulu_casia",
    source=VIS,
    classes=BASIC,
    folds=5,
    frames="last(3)",
    unit="frame",
    size=256,
    metrics=ALL,
    source_text=TEXT,
    **CROPPED,
)


def _weak(name: str, target: Domain, shots: int | float | None, words: str) -> Setting:
    return _setting(
        name,
        f"visible strong to {words}",
        target=target,
        shots=shots,
        source_text=PCA_TEXT + TEXT,
        **WEAK,
    )


def _nir(name: str, shots: int | float | None, words: str) -> Setting:
    return _weak(name, NIR, shots, f"near-infrared strong, {words}")


def _dark(
    name: str,
    shots: int | float | None,
    words: str,
    target: Domain = DARK,
    about: str = DARK_TEXT,
) -> Setting:
    camera = "visible" if target.spectrum == "vis" else "near-infrared"
    weak = _weak(name, target, shots, f"{camera} dark, {words}")
    detector = "none" if target is DARK else weak.detector
    text = PCA_TEXT + about + (SPLIT if target is DARK else TEXT)
    return msgspec.structs.replace(weak, paired=False, detector=detector, source_text=text)


OULU_NIR_WEAK5 = _nir("oulu_nir_weak5", 5, "5 labels per class")
OULU_NIR_WEAK0 = _nir("oulu_nir_weak0", 0, "no label")
OULU_NIR_WEAK1 = _nir("oulu_nir_weak1", 1, "1 label per class")
OULU_NIR_WEAK10 = _nir("oulu_nir_weak10", 10, "10 labels per class")
OULU_NIR_WEAK16 = _nir("oulu_nir_weak16", 16, "16 labels per class")
OULU_NIR_WEAK_TENTH = _nir("oulu_nir_weak_tenth", 0.1, "labels of a tenth of the training subjects")
OULU_NIR_WEAK_FULL = _nir("oulu_nir_weak_full", None, "every label")
OULU_NIR_UDA = msgspec.structs.replace(
    _nir("oulu_nir_uda", 0, "training images without labels"),
    unlabelled=True,
    source_text=UDA_TEXT + TEXT,
)
OULU_DARK_WEAK5 = _dark("oulu_dark_weak5", 5, "5 labels per class")
OULU_DARK_WEAK0 = _dark("oulu_dark_weak0", 0, "no label")
OULU_DARK_WEAK1 = _dark("oulu_dark_weak1", 1, "1 label per class")
OULU_DARK_WEAK10 = _dark("oulu_dark_weak10", 10, "10 labels per class")
OULU_DARK_WEAK16 = _dark("oulu_dark_weak16", 16, "16 labels per class")
OULU_DARK_WEAK_TENTH = _dark(
    "oulu_dark_weak_tenth", 0.1, "labels of a tenth of the training subjects"
)
OULU_DARK_WEAK_FULL = _dark("oulu_dark_weak_full", None, "every label")
OULU_DARK_NIR_WEAK5 = _dark("oulu_dark_nir_weak5", 5, "5 labels per class", NIR_DARK, NIR_DARK_TEXT)

OULU_NIR_AUGMENTED = _setting(
    "oulu_nir_augmented",
    "every near-infrared label, and translations of CFEE",
    target=NIR,
    kind="augmented",
    extra=CFEE,
    source_text=AUGMENTED_TEXT + TEXT,
)
OULU_NIR_AUGMENTED_KDEF = _setting(
    "oulu_nir_augmented_kdef",
    "every near-infrared label, and translations of KDEF",
    target=NIR,
    kind="augmented",
    extra=KDEF,
    source_text=KDEF_TEXT + AUGMENTED_TEXT + TEXT,
)
OULU_VIS_TO_NIR = _setting(
    "oulu_vis_to_nir",
    "trained on visible strong, tested on near-infrared strong",
    target=NIR,
    kind="cross",
    source_text=CROSS_TEXT + TEXT,
)
OULU_NIR_SUPERVISED = _setting(
    "oulu_nir_supervised",
    "trained and tested on near-infrared strong",
    target=NIR,
    **SUPERVISED,
)
OULU_NIR_QUALITY = _setting(
    "oulu_nir_quality",
    "translations of visible test frames against near-infrared ones, strong light",
    target=NIR,
    **QUALITY,
)
OULU_WEAK_NIR_QUALITY = _setting(
    "oulu_weak_nir_quality",
    "translations of visible test frames against near-infrared ones, weak light",
    source=VIS_WEAK,
    target=NIR_WEAK,
    source_text=WEAK_LIGHT_TEXT + TEXT,
    **QUALITY,
)
OULU_DARK_NIR_QUALITY = msgspec.structs.replace(
    _setting(
        "oulu_dark_nir_quality",
        "translations of visible test frames against near-infrared ones, without light",
        source=DARK,
        target=NIR_DARK,
        source_text=DARK_QUALITY_TEXT + SPLIT,
        **QUALITY,
    ),
    detector="none",
)
OULU_LIGHTS_NIR_AUGMENTED = msgspec.structs.replace(
    OULU_NIR_AUGMENTED,
    name="oulu_lights_nir_augmented",
    summary="every near-infrared label of three illuminations, and translations of CFEE",
    source=EVERY_VIS,
    target=EVERY_NIR,
    detector="none",
    source_text=LIGHTS_TEXT + SPLIT,
)
OULU_LIGHTS_NIR_QUALITY = msgspec.structs.replace(
    OULU_NIR_QUALITY,
    name="oulu_lights_nir_quality",
    summary="translations of visible test frames against near-infrared ones, three illuminations",
    source=EVERY_VIS,
    target=EVERY_NIR,
    detector="none",
    source_text=LIGHTS_TEXT + SPLIT,
)
