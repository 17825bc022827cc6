"""Names and summaries of the settings of `folder`; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

FAMILIES: Mapping[str, str] = {
    "nir_weak5": "visible to near-infrared, 5 labels per class",
    "lwir_weak5": "visible to thermal, 5 labels per class",
    "nir_augmented": (
        "every near-infrared label, and translations of the visible images under extra/"
    ),
    "nir_supervised": "trained and tested on near-infrared",
    "lwir_supervised": "trained and tested on thermal",
    "vis_supervised": "trained and tested on visible",
    "vis_to_nir": "trained on visible, tested on near-infrared",
    "vis_to_lwir": "trained on visible, tested on thermal",
    "nir_quality": "translations of visible test images against their near-infrared partners",
    "lwir_quality": "translations of visible test images against their thermal partners",
    "nir_video_supervised": "trained and tested on near-infrared clips",
    "lwir_video_supervised": "trained and tested on thermal clips",
    "vis_video_supervised": "trained and tested on visible clips",
    "nir_video_weak5": "visible to near-infrared clips, 5 labels per class",
}
"""What each protocol does; its name is what follows the classes'."""
CLASSES: Mapping[str, str] = {
    "folder": "",
    "folder7": "six basic expressions and neutral",
    "folder8": "six basic expressions, neutral and contempt",
    "folder_own": "the classes that your folders name",
}
"""Classes in words, by the beginning of a setting's name; the six basic ones go without saying."""


def summaries() -> Iterator[tuple[str, str]]:
    """Name and summary of every setting, the default first."""
    for start, classes in CLASSES.items():
        for family, summary in FAMILIES.items():
            yield f"{start}_{family}", f"{summary}; {classes}" if classes else summary
