"""The protocols on CK+, and from RAF-DB to CK+; imports nothing heavy."""

from __future__ import annotations

import msgspec

from irfer_bench.api import BASIC, CLASSES, Domain
from irfer_datasets.protocols import CROPPED, WEB_PROTOCOL, constants
from irfer_datasets.raf_db.settings import TRAINING

SEQUENCES = Domain(spectrum="vis", parts=("sequence",))
BOTH = Domain(spectrum="vis", parts=("sequence", "neutral"))
TEXT = (
    "CK+ has no official split. As most works do: ten folds by subject, the 118 subjects with a "
    "labelled sequence in the order of their numbers, every tenth of them tests; the lists are "
    "published in this package and equal those of Emotion-FAN (ICIP 2019). "
)
CROP = (
    "Images are 640x490 with a person: square crop 1.3 times the face's box by the detector "
    "opencv, the whole image where no face is found, 224 pixels. Primary metric: accuracy over "
    "all scored frames, as published; UAR beside it, for classes are unbalanced."
)
SIX_TEXT = (
    "The last three frames of the 309 labelled sequences that are not contempt: 927 "
    "images, six basic expressions. Contempt is dropped. "
)
SEVEN_TEXT = (
    "Frames as in MPA-FER (ICCV 2025): the last frame of a sequence shows its expression, "
    "the first frame is neutral. Contempt is dropped: 309 expressions, and the 327 first frames "
    "of all labelled sequences, 636 images. Works whose seven classes are the six and contempt "
    "score something else. "
)
EIGHT_TEXT = (
    "The last three frames of all 327 labelled sequences (981, contempt included) and their "
    "first frames as neutral (327): 1,308 images, eight classes. "
)
CROSS_TEXT = (
    "MPA-FER (ICCV 2025), cross-dataset: trained on RAF-DB, tested on CK+, first frame neutral, "
    "last frame apex. CK+ has contempt, which RAF-DB lacks: decided here, the seven classes of "
    "RAF-DB, contempt dropped, which leaves 636 images (309 last frames, 327 first frames). "
    "Trained on the 12,271 aligned training images only; nothing of CK+ is seen before the test, "
    "and all of it is tested. RAF-DB's aligned images are crops already and stay as they are; "
    "CK+ is cropped by the detector (decided here; the paper does not say). "
)
_PROTOCOLS = {
    "ck_plus6_supervised": {
        "target": SEQUENCES,
        "source_text": TEXT + SIX_TEXT + CROP,
        "classes": BASIC,
    },
    "ck_plus7_supervised": {
        "target": BOTH,
        "source_text": TEXT + SEVEN_TEXT + CROP,
        "classes": CLASSES[:7],
        "frames": "last(1)",
    },
    "ck_plus8_supervised": {
        "target": BOTH,
        "source_text": TEXT + EIGHT_TEXT + CROP,
        "classes": CLASSES[:8],
    },
    "raf_db_to_ck_plus": {
        "kind": "cross",
        "target": BOTH,
        "source_text": CROSS_TEXT + CROP,
        "classes": CLASSES[:7],
        "frames": "last(1)",
        "folds": 1,
        "tested": "all",
        "source": msgspec.structs.replace(TRAINING, detector="none"),
    },
}
_COMMON = {**WEB_PROTOCOL, **CROPPED, "kind": "supervised", "folds": 10, "frames": "last(3)"}
globals().update(constants("ck_plus", _PROTOCOLS, **_COMMON))
