"""The protocols on DFEW, with the official five folds; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.protocols import (
    SIMULATED,
    SIXTEEN,
    VIDEO_PROTOCOL,
    WHOLE,
    WHOLE_VIDEO,
    Fields,
    constants,
)

VIS = Domain(spectrum="vis")
TEXT = (
    "Official five folds of DFEW (ACM Multimedia 2020), read from the official lists: fold k "
    "tests set_k of test(single-labeled) and trains on what the other four test; 11,697 clips with "
    "a single label and a detected face, seven classes. Measured are UAR and WAR, per fold and "
    "their mean; WAR over pooled folds differs slightly. Decided here: {}"
    "the official face-aligned 224x224 frames "
    "as they are, no further crop (clips read from the original videos are cut to their centre "
    "square); one clip is one scored example. A recognizer's own sampling and input size are its "
    "columns. Audio comes from the original videos; some have none. Folds follow the order of the "
    "clips, so clips of one film may lie on both sides of a border (data check counts them where a "
    "films.csv of clip and film lies in the data folder), and there are no subjects: "
    "intervals are over clips. Official order of classes: happiness, sadness, neutral, anger, "
    "surprise, disgust, fear. "
)


_PROTOCOLS: dict[str, Fields] = {
    "dfew_supervised": {
        "kind": "supervised",
        **WHOLE_VIDEO,
        "source_text": TEXT.format(WHOLE),
    },
    "dfew_nir_simulated": {
        "kind": "simulated",
        "source_text": SIMULATED.format("DFEW") + TEXT.format(SIXTEEN),
        "source": VIS,
        "simulated": "nir",
    },
}
_COMMON = {**VIDEO_PROTOCOL, "target": VIS, "classes": CLASSES[:7], "detector": "none"}
globals().update(constants("dfew", _PROTOCOLS, **_COMMON))
