"""The protocol on FER+; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import WEB_PROTOCOL, constants

TEXT = (
    "FER+ (ICMI 2016): FER-2013's images with the class of the majority of ten votes, "
    "single votes not counted; images without a majority, of unknown expression or without a face "
    "are left out. FER-2013's split: trained on Training, tested on PrivateTest; the 3,199 images "
    "of PublicTest are neither. The repository's label.csv is another edition of the votes (25,045 "
    "images to train on, 3,137 to test), read where fer2013new.csv is not there; its rows stand on "
    "a board of their own. MPA-FER (ICCV 2025) reports the accuracy and does not say its edition. "
    "Images: 48x48 grey pixels, whole, resized to 224. There are no subjects: whether a person is "
    "on both sides cannot be checked."
)
_PROTOCOLS = {
    "ferplus_supervised": {
        **WEB_PROTOCOL,
        "kind": "supervised",
        "target": Domain(spectrum="vis", splits=("train", "test")),
        "classes": CLASSES[:8],
        "detector": "none",
        "source_text": TEXT,
    },
}
globals().update(constants("ferplus", _PROTOCOLS))
