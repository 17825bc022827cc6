"""The protocols on Large-HFE, with published folds; imports nothing heavy."""

from __future__ import annotations

from irfer_bench.api import BASIC, Domain
from irfer_datasets.metrics import ALL
from irfer_datasets.protocols import CROPPED, QUALITY, SUPERVISED, WEAK, settings_of

VIS = Domain(spectrum="vis")
NIR = Domain(spectrum="nir")
CFEE = Domain(dataset="cfee", spectrum="vis")
KDEF = Domain(dataset="kdef", spectrum="vis", parts=("straight",))

TEXT = (
    "Split rule of the papers on this set: by subject, 80/20, five runs [NFER-SDE]; here five "
    "published subject lists that partition S001 to S360 (every fifth), the same for both "
    "cameras. Six basic expressions. Peak frames: the last three of each sequence, as usual on "
    "Oulu-CASIA; which images the papers score is not public (their accuracies are multiples of "
    "1/996). Faces by the detector, square box enlarged 1.3 times, the centre square where it "
    "finds none, 256 pixels; one box per pair where frames correspond one to one. The set is not "
    "public: users convert it into {VIS,NIR}/S001/Anger/000.jpg."
)
AUGMENTED = (
    "NFER-SDE: translator fitted on the training subjects' pairs; every near-infrared training "
    "label, and the whole six-class visible CFEE translated to near-infrared, train the "
    "recognizer; tested on near-infrared. `--data-root cfee=FOLDER` is needed too. "
)
KDEF_TEXT = (
    "As large_hfe_nir_augmented, with KDEF (frontal views of both sessions, six classes) in place "
    "of CFEE: NFER-SDE's implementation details name both, its text on data CFEE alone. "
    "`--data-root kdef=FOLDER` is needed. "
)
WEAK_TEXT = (
    "The weakly supervised protocol of the other sets (PCA, IEEE SPL 2025, does not use this one): "
    "the labelled items come from distinct training subjects where possible, in five fixed draws. "
)

_setting = settings_of(
    dataset="large_hfe",
    target=NIR,
    source=VIS,
    classes=BASIC,
    folds=5,
    frames="last(3)",
    unit="frame",
    size=256,
    metrics=ALL,
    source_text=TEXT,
    **CROPPED,
)


LARGE_HFE_NIR_AUGMENTED = _setting(
    "large_hfe_nir_augmented",
    "every near-infrared label, and translations of CFEE",
    kind="augmented",
    extra=CFEE,
    source_text=AUGMENTED + TEXT,
)
LARGE_HFE_NIR_AUGMENTED_KDEF = _setting(
    "large_hfe_nir_augmented_kdef",
    "every near-infrared label, and translations of KDEF",
    kind="augmented",
    extra=KDEF,
    source_text=KDEF_TEXT + TEXT,
)
LARGE_HFE_NIR_WEAK5 = _setting(
    "large_hfe_nir_weak5",
    "visible to near-infrared, 5 labels per class",
    shots=5,
    source_text=WEAK_TEXT + TEXT,
    **WEAK,
)
LARGE_HFE_NIR_SUPERVISED = _setting(
    "large_hfe_nir_supervised",
    "trained and tested on near-infrared",
    **SUPERVISED,
)
LARGE_HFE_NIR_QUALITY = _setting(
    "large_hfe_nir_quality",
    "translations of visible test frames against near-infrared ones",
    **QUALITY,
)
