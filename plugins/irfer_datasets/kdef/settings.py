"""The protocol on KDEF alone; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import CROPPED, SUPERVISED, constants

TEXT = (
    "KDEF has no official split. Decided here: the 980 frontal images (view S) of both "
    "sessions, seven classes, five published folds by subject (sex and number, every fifth: "
    "seven women and seven men test in each), so that the two sessions of a person never part. "
    "The averaged faces (AKDEF) are kept out: they average all subjects. Ten images known "
    "to be black are left out, none of them frontal. Square crop by the detector opencv, 1.3 "
    "times the face's box, the whole image where no face is found, 256 pixels. Primary "
    "metric: UAR."
)
_PROTOCOLS = {
    "kdef_supervised": {
        **CROPPED,
        **SUPERVISED,
        "target": Domain(spectrum="vis", parts=("straight",)),
        "classes": CLASSES[:7],
        "size": 256,
        "source_text": TEXT,
    },
}
globals().update(constants("kdef", _PROTOCOLS))
