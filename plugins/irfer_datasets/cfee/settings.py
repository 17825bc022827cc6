"""The protocol on CFEE alone; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import CROPPED, SUPERVISED, constants

TEXT = (
    "CFEE has no official split. Decided here: five folds by subject, every fifth of the "
    "sorted three-digit subject numbers of the folder (the numbers are not published, so a "
    "fold is fixed by the copy; 46 of 230 subjects test). Neutral and the six basic "
    "expressions, codes 01 to 07 of 26; code 04 is fear by elimination. Square crop by the "
    "detector opencv, 1.3 times the face's box, the whole image where no face is found, 256 "
    "pixels. Primary metric: UAR."
)
_PROTOCOLS = {
    "cfee_supervised": {
        **CROPPED,
        **SUPERVISED,
        "target": Domain(spectrum="vis"),
        "classes": CLASSES[:7],
        "size": 256,
        "source_text": TEXT,
    },
}
globals().update(constants("cfee", _PROTOCOLS))
