"""The protocols on MAFW, with the official folds of either set; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import CLASSES, Domain
from irfer_datasets.mafw.lists import COMPOUND
from irfer_datasets.protocols import (
    CROPPED,
    SIMULATED,
    SIXTEEN,
    VIDEO_PROTOCOL,
    WHOLE,
    WHOLE_VIDEO,
    Fields,
    constants,
)

VIS = Domain(spectrum="vis")
COMMON = (
    "Measured are UAR and WAR, per fold and their mean; WAR over pooled folds differs slightly. "
    "Decided here: {}frames are whole scenes, so a detector looks for the face in each frame, and "
    "one square around all faces found in a clip, 1.3 times their extent, is cut out of all its "
    "frames, 224 pixels; of a clip without any face the frames' centres are taken; frames without "
    "a face are counted (public code crops the union of all faces in view, which takes in other "
    "people); one clip is one scored example. A recognizer's own sampling and input size are its "
    "columns. Audio comes from data/clips; 21 clips have none that can be used and are tested "
    "without audio (some papers drop them). There are no subjects, and which clips share a film "
    "is not published (data check counts films on both sides of a fold where a films.csv of clip "
    "and film lies in the data folder): intervals are over clips. "
)
SINGLE = (
    "Official five folds of MAFW (ACM Multimedia 2022), single-label set: 9,172 clips, eleven "
    "classes; fold k tests set_k/test.txt and trains on what the other four test. The compound "
    "set's folds part the same clips otherwise and are never mixed with these. Paper's order of "
    "classes: anger, disgust, fear, happiness, neutral, sadness, surprise, contempt, anxiety, "
    "helplessness, disappointment. "
)
JOINED = (
    "Official five folds of MAFW (ACM Multimedia 2022), compound set: 8,996 clips, 43 classes "
    "(eleven single emotions and 32 combinations, names joined by _). Its folds are not those of "
    "the single-label set. "
)


_PROTOCOLS: dict[str, Fields] = {
    "mafw_supervised": {
        "kind": "supervised",
        **WHOLE_VIDEO,
        "source_text": SINGLE + COMMON.format(WHOLE),
    },
    "mafw_nir_simulated": {
        "kind": "simulated",
        "source_text": SIMULATED.format("MAFW") + SINGLE + COMMON.format(SIXTEEN),
        "source": VIS,
        "simulated": "nir",
    },
    "mafw_compound_supervised": {
        "kind": "supervised",
        **WHOLE_VIDEO,
        "source_text": JOINED + COMMON.format(WHOLE),
        "dataset": "mafw_compound",
        "classes": COMPOUND,
    },
}
_COMMON = {**VIDEO_PROTOCOL, **CROPPED, "target": VIS, "classes": CLASSES}
globals().update(constants("mafw", _PROTOCOLS, **_COMMON))
