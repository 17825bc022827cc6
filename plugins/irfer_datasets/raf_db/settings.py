"""The protocols on RAF-DB; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import CLASSES, Domain, Setting
from irfer_datasets.protocols import CROPPED, RECOGNITION

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
        folds=1,
        frames="all",
        unit="frame",
        size=224,
        metrics=RECOGNITION,
        primary="accuracy",
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


def _few(shots: int) -> Setting:
    what = "image" if shots == 1 else "images"
    return _setting(
        f"raf_db_shots{shots}",
        "aligned",
        detector="none",
        shots=shots,
        draws=3,
        seeds=3,
        summary=f"trained on {shots} {what} per class, tested on the official test images",
        source_text=TEXT
        + "Few-shot protocol of CoOp (IJCV 2022): 1, 2, 4, 8 or 16 labelled images per class of "
        "the training split and nothing else, three fixed draws, all test images.",
    )


RAF_DB_SHOTS1, RAF_DB_SHOTS2, RAF_DB_SHOTS4 = _few(1), _few(2), _few(4)
RAF_DB_SHOTS8, RAF_DB_SHOTS16 = _few(8), _few(16)
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
