"""The protocols on Large-HFE, with published folds; imports nothing heavy."""

from __future__ import annotations

from typing import Any

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.metrics import ALL, PICTURES, RECOGNITION

VIS = Domain(spectrum="vis")
NIR = Domain(spectrum="nir")
CFEE = Domain(dataset="cfee", spectrum="vis")
DRAWS = 5
"""Fixed draws of the labelled target items; a full row has all of them (recognizers.md §6.8)."""

TEXT = (
    "Split rule of the papers on this set: by subject, 80/20, five runs [NFER-SDE]; here five "
    "published subject lists that partition S001 to S360 (every fifth), the same for both "
    "cameras. Six basic expressions. Peak frames: the last three of each sequence, as usual on "
    "Oulu-CASIA; which pictures the papers score is not public (their accuracies are multiples of "
    "1/996). Faces by the detector, square box enlarged 1.3 times, the centre square where it "
    "finds none, 256 pixels; one box per pair where frames correspond one to one. The set is not "
    "public: whoever holds it brings it into {VIS,NIR}/S001/Anger/000.jpg."
)
AUGMENTED = (
    "NFER-SDE: translator fitted on the training subjects' pairs; every near-infrared training "
    "label, and the whole six-class visible CFEE translated to near-infrared, train the "
    "recognizer; tested on near-infrared. `--data-root cfee=FOLDER` is needed too. "
)
WEAK = (
    "The weakly supervised protocol of the other sets (PCA, IEEE SPL 2025, does not use this one): "
    "the labelled items come from distinct training subjects where possible, in five fixed draws. "
)


def _setting(name: str, kind: Any, summary: str, **more: Any) -> Setting:
    common: dict[str, Any] = {
        "target": NIR,
        "source": VIS,
        "classes": BASIC,
        "folds": 5,
        "frames": "last(3)",
        "unit": "frame",
        "size": 256,
        "detector": "opencv",
        "crop": 1.3,
        "no_face": "whole",
        "metrics": ALL,
        "source_text": TEXT,
    }
    return Setting(
        name=name,
        kind=kind,
        dataset="large_hfe",
        summary=summary,
        **(common | more),
    )


LARGE_HFE_NIR_AUGMENTED = _setting(
    "large_hfe_nir_augmented",
    "augmented",
    "every near-infrared label, and translations of CFEE",
    extra=CFEE,
    source_text=AUGMENTED + TEXT,
)
LARGE_HFE_NIR_WEAK5 = _setting(
    "large_hfe_nir_weak5",
    "weak",
    "visible to near-infrared, 5 labels per class",
    shots=5,
    draws=DRAWS,
    seeds=DRAWS,
    source_text=WEAK + TEXT,
)
LARGE_HFE_NIR_SUPERVISED = _setting(
    "large_hfe_nir_supervised",
    "supervised",
    "trained and tested on near-infrared",
    source=None,
    metrics=RECOGNITION,
    primary="uar",
)
LARGE_HFE_NIR_QUALITY = _setting(
    "large_hfe_nir_quality",
    "quality",
    "translations of visible test frames against near-infrared ones",
    metrics=PICTURES,
    primary="lpips",
)
