"""The protocols on AffectNet, and from RAF-DB to AffectNet; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import WEB_PROTOCOL, Fields, constants
from irfer_datasets.raf_db.settings import TRAINING

MANUAL = Domain(spectrum="vis", parts=("manual",))
VALIDATION = Domain(spectrum="vis", parts=("manual",), splits=("val",))
TEXT = (
    "AffectNet has no public test set: as in MPA-FER (ICCV 2025) and the works it compares with, "
    "the validation images are tested, 500 per class (499 of contempt in the release of 2021). "
    "Only manual labels are used; labels none, uncertain and no face are left out. "
)
CROP = (
    "Faces: the official crops (2021, 224x224), or their boxes cut out of the whole images (2017; "
    "an image without a box is used whole); no detector; 224 pixels. Primary metric: accuracy, as "
    "published, which equals UAR where the classes tested are equally many. There are no "
    "subjects: whether a person is on both sides cannot be checked."
)


_UNBALANCED = "most works oversample, which is the method's own business. "
_PROTOCOLS: dict[str, Fields] = {
    "affectnet7_supervised": {
        "source_text": f"{TEXT}Contempt is dropped. Training is very unbalanced (happiness "
        f"134,415, disgust 3,803); {_UNBALANCED}{CROP}",
        "classes": CLASSES[:7],
    },
    "affectnet8_supervised": {
        "source_text": f"{TEXT}Eight classes. Training is very unbalanced (happiness 134,415, "
        f"contempt 3,750); {_UNBALANCED}{CROP}",
        "classes": CLASSES[:8],
    },
    "raf_db_to_affectnet7": {
        "kind": "cross",
        "target": VALIDATION,
        "source_text": "MPA-FER (ICCV 2025), cross-dataset: trained on RAF-DB, tested on "
        "AffectNet-7. Trained on the 12,271 aligned training images only; nothing of AffectNet is "
        f"seen before the test. {TEXT}Contempt, which RAF-DB lacks, is dropped. {CROP}",
        "classes": CLASSES[:7],
        "tested": "all",
        "source": TRAINING,
    },
}
_COMMON = {**WEB_PROTOCOL, "kind": "supervised", "target": MANUAL, "detector": "none"}
globals().update(constants("affectnet", _PROTOCOLS, **_COMMON))
