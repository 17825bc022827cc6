"""The protocol on FER+; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain, Setting
from irfer_datasets.protocols import RECOGNITION

FERPLUS_SUPERVISED = Setting(
    name="ferplus_supervised",
    kind="supervised",
    dataset="ferplus",
    target=Domain(spectrum="vis", splits=("train", "test")),
    classes=CLASSES[:8],
    folds=1,
    frames="all",
    unit="frame",
    size=224,
    detector="none",
    metrics=RECOGNITION,
    primary="accuracy",
    summary="25,060 images to train on, 3,153 to test, contempt included",
    source_text="FER+ (ICMI 2016): FER-2013's images with the class of the majority of ten votes, "
    "single votes not counted; images without a majority, of unknown expression or without a face "
    "are left out. FER-2013's split: trained on Training, tested on PrivateTest; the 3,199 images "
    "of PublicTest are neither. The repository's label.csv is another edition of the votes (25,045 "
    "images to train on, 3,137 to test), read where fer2013new.csv is not there; its rows stand on "
    "a board of their own. MPA-FER (ICCV 2025) reports the accuracy and does not say its edition. "
    "Images: 48x48 grey pixels, whole, resized to 224. There are no subjects: whether a person is "
    "on both sides cannot be checked.",
)
