"""The protocols on RAF-DB; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import CLASSES, Domain, Setting
from irfer_datasets.protocols import CROPPED, WEB_PROTOCOL

ALIGNED = Domain(spectrum="vis", parts=("aligned",))
TRAINING = Domain(dataset="raf_db", spectrum="vis", parts=("aligned",), splits=("train",))
"""The training domain where another dataset is tested."""
TEXT = (
    "RAF-DB, single labels, the official split: 12,271 images to train on, 3,068 to test, one "
    "fold, seven classes (six basic expressions and neutral). MPA-FER (ICCV 2025) and the works it "
    "compares with report the accuracy over all test images, which is the primary metric here; "
    "classes are unbalanced (happiness is 39 % of the test), so UAR and macro F1 stand beside it. "
    "There is no validation split and there are no subjects: whether a person is in both halves "
    "cannot be checked. "
)


def _setting(name: str, part: str, **more: Any) -> Setting:
    return Setting(
        name=name,
        kind="supervised",
        dataset="raf_db",
        target=Domain(spectrum="vis", parts=(part,)),
        classes=CLASSES[:7],
        **WEB_PROTOCOL,
        **more,
    )


RAF_DB_SUPERVISED = _setting(
    "raf_db_supervised",
    "aligned",
    detector="none",
    summary="official split, aligned images, six basic expressions and neutral",
    source_text=TEXT
    + "Images: the official aligned crops (100x100), whole, resized to 224 pixels.",
)
RAF_DB_ORIGINAL_SUPERVISED = _setting(
    "raf_db_original_supervised",
    "original",
    summary="official split, original images cropped here, six basic expressions and neutral",
    source_text=TEXT
    + "Images: the official original ones (raf_db.images=original where both are there), cropped "
    "to a square 1.3 times the face's box by the detector opencv, the whole image where no face "
    "is found, 224 pixels. Decided here, for work that needs more than 100 pixels.",
    **CROPPED,
)
