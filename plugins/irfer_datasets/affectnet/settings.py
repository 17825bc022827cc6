"""The protocols on AffectNet, and from RAF-DB to AffectNet; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import CLASSES, Domain, Setting
from irfer_datasets.protocols import WEB_PROTOCOL
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


def _setting(name: str, kind: Any, target: Domain, summary: str, text: str, **more: Any) -> Setting:
    return Setting(
        name=name,
        kind=kind,
        dataset="affectnet",
        target=target,
        **WEB_PROTOCOL,
        summary=summary,
        source_text=text + CROP,
        **more,
    )


AFFECTNET7_SUPERVISED = _setting(
    "affectnet7_supervised",
    "supervised",
    MANUAL,
    "283,901 images to train on, 3,500 to test, six basic expressions and neutral",
    TEXT + "Contempt is dropped. Training is very unbalanced (happiness 134,415, disgust 3,803); "
    "most works oversample, which is the method's own business. ",
    classes=CLASSES[:7],
)
AFFECTNET8_SUPERVISED = _setting(
    "affectnet8_supervised",
    "supervised",
    MANUAL,
    "287,651 images to train on, 4,000 to test, contempt included",
    TEXT + "Eight classes. Training is very unbalanced (happiness 134,415, contempt 3,750); most "
    "works oversample, which is the method's own business. ",
    classes=CLASSES[:8],
)
RAF_DB_TO_AFFECTNET7 = _setting(
    "raf_db_to_affectnet7",
    "cross",
    VALIDATION,
    "trained on RAF-DB's training split, tested on AffectNet's validation, seven classes",
    "MPA-FER (ICCV 2025), cross-dataset: trained on RAF-DB, tested on AffectNet-7. Trained on the "
    "12,271 aligned training images only; nothing of AffectNet is seen before the test. "
    + TEXT
    + "Contempt, which RAF-DB lacks, is dropped. ",
    classes=CLASSES[:7],
    tested="all",
    source=TRAINING,
)
