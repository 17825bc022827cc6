"""The protocols on Large-HFE, with published folds; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import Domain
from irfer_datasets.protocols import (
    CROPPED,
    PAIRED_PROTOCOL,
    QUALITY,
    SUPERVISED,
    Fields,
    augmented,
    constants,
    weak,
)

VIS = Domain(spectrum="vis")
NIR = Domain(spectrum="nir")

TEXT = (
    "Split rule of the papers on this set: by subject, 80/20, five runs [NFER-SDE]; here five "
    "published subject lists that partition S001 to S360 (every fifth), the same for both "
    "cameras. Six basic expressions. Peak frames: the last three of each sequence, as usual on "
    "Oulu-CASIA; which images the papers score is not public (their accuracies are multiples of "
    "1/996). Faces by the detector, square box enlarged 1.3 times, the centre square where it "
    "finds none, 256 pixels; one box per pair where frames correspond one to one. The set is not "
    "public: users convert it into {VIS,NIR}/S001/Anger/000.jpg."
)
AUGMENTED_TEXT = (
    "NFER-SDE: translator fitted on the training subjects' pairs; every near-infrared training "
    "label, and the whole six-class visible CFEE translated to near-infrared, train the "
    "recognizer; tested on near-infrared. "
)
WEAK_TEXT = (
    "The weakly supervised protocol of the other sets (PCA, IEEE SPL 2025, does not use this one): "
    "the labelled items come from distinct training subjects where possible, in five fixed draws. "
)
_PROTOCOLS: dict[str, Fields] = {
    **augmented("large_hfe_nir", AUGMENTED_TEXT + TEXT),
    **weak("large_hfe_nir", ["weak5"], source_text=WEAK_TEXT + TEXT),
    "large_hfe_nir_supervised": SUPERVISED,
    "large_hfe_nir_quality": QUALITY,
}
_COMMON = {**PAIRED_PROTOCOL, **CROPPED, "source": VIS, "target": NIR, "source_text": TEXT}
globals().update(constants("large_hfe", _PROTOCOLS, **_COMMON))
