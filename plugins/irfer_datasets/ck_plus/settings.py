"""The protocols on CK+, and from RAF-DB to CK+; imports nothing heavy."""

from __future__ import annotations

from typing import Any

import msgspec

from irfer_bench.api import BASIC, CLASSES, Domain, Setting
from irfer_datasets.protocols import CROPPED, WEB_PROTOCOL
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


def _setting(name: str, kind: Any, target: Domain, summary: str, text: str, **more: Any) -> Setting:
    common = {**WEB_PROTOCOL, **CROPPED, "folds": 10, "frames": "last(3)"}
    return Setting(
        name=name,
        kind=kind,
        dataset="ck_plus",
        target=target,
        summary=summary,
        source_text=text + CROP,
        **(common | more),
    )


CK_PLUS6_SUPERVISED = _setting(
    "ck_plus6_supervised",
    "supervised",
    SEQUENCES,
    "six basic expressions, last three frames, ten folds by subject",
    TEXT + "The last three frames of the 309 labelled sequences that are not contempt: 927 "
    "images, six basic expressions. Contempt is dropped. ",
    classes=BASIC,
)
CK_PLUS7_SUPERVISED = _setting(
    "ck_plus7_supervised",
    "supervised",
    BOTH,
    "six basic expressions (last frame) and neutral (first frame), ten folds by subject",
    TEXT + "Frames as in MPA-FER (ICCV 2025): the last frame of a sequence shows its expression, "
    "the first frame is neutral. Contempt is dropped: 309 expressions, and the 327 first frames "
    "of all labelled sequences, 636 images. Works whose seven classes are the six and contempt "
    "score something else. ",
    classes=CLASSES[:7],
    frames="last(1)",
)
CK_PLUS8_SUPERVISED = _setting(
    "ck_plus8_supervised",
    "supervised",
    BOTH,
    "seven expressions with contempt (last three frames) and neutral (first), ten folds by subject",
    TEXT + "The last three frames of all 327 labelled sequences (981, contempt included) and their "
    "first frames as neutral (327): 1,308 images, eight classes. ",
    classes=CLASSES[:8],
)
RAF_DB_TO_CK_PLUS = _setting(
    "raf_db_to_ck_plus",
    "cross",
    BOTH,
    "trained on RAF-DB's training split, tested on all of CK+, seven classes",
    "MPA-FER (ICCV 2025), cross-dataset: trained on RAF-DB, tested on CK+, first frame neutral, "
    "last frame apex. CK+ has contempt, which RAF-DB lacks: decided here, the seven classes of "
    "RAF-DB, contempt dropped, which leaves 636 images (309 last frames, 327 first frames). "
    "Trained on the 12,271 aligned training images only; nothing of CK+ is seen before the test, "
    "and all of it is tested. RAF-DB's aligned images are crops already and stay as they are; "
    "CK+ is cropped by the detector (decided here; the paper does not say). ",
    classes=CLASSES[:7],
    frames="last(1)",
    folds=1,
    tested="all",
    source=msgspec.structs.replace(TRAINING, detector="none"),
)
