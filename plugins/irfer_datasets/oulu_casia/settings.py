"""The protocols on Oulu-CASIA, with published folds; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import Domain
from irfer_datasets.protocols import (
    CROPPED,
    PAIRED_PROTOCOL,
    QUALITY,
    SUPERVISED,
    WEAK,
    Fields,
    augmented,
    constants,
    weak,
)

VIS = Domain(spectrum="vis", lightings=("strong",))
NIR = Domain(spectrum="nir", lightings=("strong",))
DARK = Domain(spectrum="vis", lightings=("dark",))
NIR_DARK = Domain(spectrum="nir", lightings=("dark",))
VIS_WEAK = Domain(spectrum="vis", lightings=("weak",))
NIR_WEAK = Domain(spectrum="nir", lightings=("weak",))
EVERY_VIS = Domain(spectrum="vis")
EVERY_NIR = Domain(spectrum="nir")

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
_LIGHTS: Fields = {"source": EVERY_VIS, "target": EVERY_NIR, "detector": "none"}
_PROTOCOLS: dict[str, Fields] = {
    **weak("oulu_nir", target=NIR, source_text=PCA_TEXT + TEXT),
    "oulu_nir_uda": {
        **WEAK,
        "target": NIR,
        "shots": 0,
        "unlabelled": True,
        "source_text": UDA_TEXT + TEXT,
    },
    **augmented("oulu_nir", AUGMENTED_TEXT + TEXT, target=NIR),
    **weak(
        "oulu_dark",
        target=DARK,
        paired=False,
        detector="none",
        source_text=PCA_TEXT + DARK_TEXT + SPLIT,
    ),
    **weak(
        "oulu_dark_nir",
        ["weak5"],
        target=NIR_DARK,
        paired=False,
        source_text=PCA_TEXT + NIR_DARK_TEXT + TEXT,
    ),
    "oulu_vis_to_nir": {
        "kind": "cross",
        "target": NIR,
        "source_text": CROSS_TEXT + TEXT,
    },
    "oulu_nir_supervised": {
        **SUPERVISED,
        "target": NIR,
    },
    "oulu_nir_quality": {**QUALITY, "target": NIR},
    "oulu_weak_nir_quality": {
        **QUALITY,
        "source": VIS_WEAK,
        "target": NIR_WEAK,
        "source_text": WEAK_LIGHT_TEXT + TEXT,
    },
    "oulu_dark_nir_quality": {
        **QUALITY,
        "source": DARK,
        "target": NIR_DARK,
        "detector": "none",
        "source_text": DARK_QUALITY_TEXT + SPLIT,
    },
    **augmented("oulu_lights_nir", LIGHTS_TEXT + SPLIT, **_LIGHTS),
    "oulu_lights_nir_quality": {
        **QUALITY,
        **_LIGHTS,
        "source_text": LIGHTS_TEXT + SPLIT,
    },
}
_COMMON = {**PAIRED_PROTOCOL, **CROPPED, "source": VIS, "source_text": TEXT}
globals().update(constants("oulu_casia", _PROTOCOLS, **_COMMON))
