"""Settings of the datasets that users bring: names and summaries; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping

from irfer_datasets.folder.families import summaries

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "oulu_casia": {
        "oulu_nir_weak5": "visible strong to near-infrared strong, 5 labels per class",
        "oulu_nir_weak0": "visible strong to near-infrared strong, no label",
        "oulu_nir_weak1": "visible strong to near-infrared strong, 1 label per class",
        "oulu_nir_weak10": "visible strong to near-infrared strong, 10 labels per class",
        "oulu_nir_weak16": "visible strong to near-infrared strong, 16 labels per class",
        "oulu_nir_weak_tenth": (
            "visible strong to near-infrared strong, labels of a tenth of the training subjects"
        ),
        "oulu_nir_weak_full": "visible strong to near-infrared strong, every label",
        "oulu_nir_uda": "visible strong to near-infrared strong, training images without labels",
        "oulu_nir_augmented": "every near-infrared label, and translations of CFEE",
        "oulu_nir_augmented_kdef": "every near-infrared label, and translations of KDEF",
        "oulu_dark_weak5": "visible strong to visible dark, 5 labels per class",
        "oulu_dark_weak0": "visible strong to visible dark, no label",
        "oulu_dark_weak1": "visible strong to visible dark, 1 label per class",
        "oulu_dark_weak10": "visible strong to visible dark, 10 labels per class",
        "oulu_dark_weak16": "visible strong to visible dark, 16 labels per class",
        "oulu_dark_weak_tenth": (
            "visible strong to visible dark, labels of a tenth of the training subjects"
        ),
        "oulu_dark_weak_full": "visible strong to visible dark, every label",
        "oulu_dark_nir_weak5": "visible strong to near-infrared dark, 5 labels per class",
        "oulu_vis_to_nir": "trained on visible strong, tested on near-infrared strong",
        "oulu_nir_supervised": "trained and tested on near-infrared strong",
        "oulu_nir_quality": (
            "translations of visible test frames against near-infrared ones, strong light"
        ),
        "oulu_weak_nir_quality": (
            "translations of visible test frames against near-infrared ones, weak light"
        ),
        "oulu_dark_nir_quality": (
            "translations of visible test frames against near-infrared ones, without light"
        ),
        "oulu_lights_nir_augmented": (
            "every near-infrared label of three illuminations, and translations of CFEE"
        ),
        "oulu_lights_nir_quality": (
            "translations of visible test frames against near-infrared ones, three illuminations"
        ),
    },
    "nvie": {
        "nvie_lwir_weak5": "visible to thermal, spontaneous apex, 5 labels per class",
        "nvie_lwir_weak0": "visible to thermal, spontaneous apex, no label",
        "nvie_lwir_weak1": "visible to thermal, spontaneous apex, 1 label per class",
        "nvie_lwir_weak10": "visible to thermal, spontaneous apex, 10 labels per class",
        "nvie_lwir_weak16": "visible to thermal, spontaneous apex, 16 labels per class",
        "nvie_lwir_weak_tenth": (
            "visible to thermal, spontaneous apex, labels of a tenth of the subjects"
        ),
        "nvie_lwir_weak_full": "visible to thermal, spontaneous apex, every label",
        "nvie_posed_lwir_weak5": "visible to thermal, posed, 5 labels per class",
        "nvie_spontaneous3_lwir_weak5": (
            "visible to thermal, spontaneous apex, 5 labels per class, disgust, fear and happiness"
        ),
        "nvie_lwir_supervised": "trained and tested on thermal, spontaneous apex",
        "nvie_posed_lwir_supervised": "trained and tested on thermal, posed",
        "nvie_lwir_quality": (
            "translations of visible test images against thermal ones, spontaneous apex"
        ),
        "nvie_posed_lwir_quality": (
            "translations of visible test images against thermal ones, posed"
        ),
        "nvie_lwir_augmented": "every thermal label, and translations of CFEE",
    },
    "large_hfe": {
        "large_hfe_nir_augmented": "every near-infrared label, and translations of CFEE",
        "large_hfe_nir_augmented_kdef": "every near-infrared label, and translations of KDEF",
        "large_hfe_nir_weak5": "visible to near-infrared, 5 labels per class",
        "large_hfe_nir_supervised": "trained and tested on near-infrared",
        "large_hfe_nir_quality": "translations of visible test frames against near-infrared ones",
    },
    "cfee": {
        "cfee_supervised": (
            "trained and tested on visible stills, six basic expressions and neutral"
        ),
    },
    "kdef": {
        "kdef_supervised": (
            "trained and tested on frontal stills, six basic expressions and neutral"
        ),
    },
    "raf_db": {
        "raf_db_supervised": "official split, aligned images, six basic expressions and neutral",
        "raf_db_original_supervised": (
            "official split, original images cropped here, six basic expressions and neutral"
        ),
    },
    "affectnet": {
        "affectnet7_supervised": (
            "283,901 images to train on, 3,500 to test, six basic expressions and neutral"
        ),
        "affectnet8_supervised": "287,651 images to train on, 4,000 to test, contempt included",
        "raf_db_to_affectnet7": (
            "trained on RAF-DB's training split, tested on AffectNet's validation, seven classes"
        ),
    },
    "ck_plus": {
        "ck_plus6_supervised": "six basic expressions, last three frames, ten folds by subject",
        "ck_plus7_supervised": (
            "six basic expressions (last frame) and neutral (first frame), ten folds by subject"
        ),
        "ck_plus8_supervised": (
            "seven expressions with contempt (last three frames) and neutral (first), ten folds "
            "by subject"
        ),
        "raf_db_to_ck_plus": (
            "trained on RAF-DB's training split, tested on all of CK+, seven classes"
        ),
    },
    "dfew": {
        "dfew_supervised": "videos, seven classes, official five folds",
        "dfew_nir_simulated": "videos translated to infrared, official five folds",
    },
    "mafw": {
        "mafw_supervised": "videos, eleven classes, official five folds",
        "mafw_nir_simulated": "videos translated to infrared, eleven classes, official five folds",
        "mafw_compound_supervised": (
            "videos, 43 compound classes, the compound set's own five folds"
        ),
    },
    "folder": dict(summaries()),
    "hub": {
        "hub_vis_supervised": "trained and tested on visible",
        "hub_nir_weak5": "visible to near-infrared, 5 labels per class",
        "hub_nir_supervised": "trained and tested on near-infrared",
        "hub_nir_quality": (
            "translations of visible test images against their near-infrared partners"
        ),
        "hub_lwir_weak5": "visible to thermal, 5 labels per class",
        "hub_lwir_quality": "translations of visible test images against their thermal partners",
    },
}
"""Summary of each setting, by dataset and name; the first of a dataset is its default."""
