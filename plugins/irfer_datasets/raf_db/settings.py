"""The protocols on RAF-DB; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import CROPPED, WEB_PROTOCOL, Fields, constants

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


def _few(shots: int) -> Fields:
    return {
        "target": ALIGNED,
        "detector": "none",
        "shots": shots,
        "draws": 3,
        "seeds": 3,
        "source_text": TEXT
        + "Few-shot protocol of CoOp (IJCV 2022): 1, 2, 4, 8 or 16 labelled images per class of "
        "the training split and nothing else, three fixed draws, all test images.",
    }


_PROTOCOLS: dict[str, Fields] = {
    "raf_db_supervised": {
        "target": ALIGNED,
        "detector": "none",
        "source_text": TEXT
        + "Images: the official aligned crops (100x100), whole, resized to 224 pixels.",
    },
    **{f"raf_db_shots{shots}": _few(shots) for shots in (1, 2, 4, 8, 16)},
    "raf_db_original_supervised": {
        **CROPPED,
        "target": Domain(spectrum="vis", parts=("original",)),
        "source_text": TEXT
        + "Images: the official original ones (raf_db.images=original where both are there), "
        "cropped to a square 1.3 times the face's box by the detector opencv, the whole image "
        "where no face is found, 224 pixels. Decided here, for work that needs more than 100 "
        "pixels.",
    },
}
_COMMON = {**WEB_PROTOCOL, "kind": "supervised", "classes": CLASSES[:7]}
globals().update(constants("raf_db", _PROTOCOLS, **_COMMON))
