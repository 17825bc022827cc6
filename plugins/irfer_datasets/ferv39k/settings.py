"""The protocol on FERV39k; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import WHOLE, WHOLE_VIDEO, constants

TEXT = (
    "Official split of FERV39k (CVPR 2022) over all 22 scenes, read from train_All.csv "
    "and test_All.csv. Measured are UAR and WAR. Decided here: " + WHOLE +
    "the official face crops as they are. The crops have "
    "no audio: methods that need it are refused. There are no subjects, and clips of one film may "
    "lie on both sides (data check counts them where a films.csv of clip, such as "
    "Action/Happy/0015, and film lies in the data folder): intervals are over clips. "
)
_PROTOCOLS = {
    "ferv39k_supervised": {
        **WHOLE_VIDEO,
        "kind": "supervised",
        "target": Domain(spectrum="vis"),
        "classes": CLASSES[:7],
        "detector": "none",
        "folds": 1,
        "audio": False,
        "source_text": TEXT,
    },
}
globals().update(constants("ferv39k", _PROTOCOLS))
