"""The protocols on a user's own images and clips; imports nothing heavy.

Each protocol with six, seven and eight expressions and with own classes.
"""

from __future__ import annotations

from collections.abc import Mapping

from irfer_bench.api import BASIC, Domain
from irfer_datasets.protocols import (
    DRAWN_VIDEO,
    PAIRED_PROTOCOL,
    QUALITY,
    SUPERVISED,
    VIDEO_PROTOCOL,
    WEAK,
    Fields,
    constants,
)

VIS, NIR, LWIR = (Domain(spectrum=s, parts=("main",)) for s in ("vis", "nir", "lwir"))
VIS_CLIPS, NIR_CLIPS, LWIR_CLIPS = (
    Domain(spectrum=s, parts=("clips",)) for s in ("vis", "nir", "lwir")
)
EXTRA = Domain(spectrum="vis", parts=("extra",))
CLASSES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "folder": (BASIC, "six basic expressions"),
    "folder7": ((*BASIC, "neutral"), "six basic expressions and neutral"),
    "folder8": ((*BASIC, "neutral", "contempt"), "six basic expressions, neutral and contempt"),
    "folder_own": ((), "the classes that your folders name"),
}
"""Classes and their words by the beginning of a setting's name; none means those of the data."""
TEXT = (
    "Own images and clips. Folds: the manifest's split column where it has one, else five by "
    "sorted subjects (every fifth), by item where there are no subjects. {}. Centre square, {} "
    "pixels; 16-bit images by their 1 to 99 percentile."
)
_WEAK: Fields = {**WEAK, "shots": 5}
_AUGMENTED: Fields = {"kind": "augmented", "extra": EXTRA}
_VIDEO: Fields = {**DRAWN_VIDEO, "kind": "supervised"}
_TRANSLATED_VIDEO: Fields = {"source": VIS_CLIPS, **VIDEO_PROTOCOL}
_PROTOCOLS: Mapping[str, Fields] = {
    "nir_weak5": {"source": VIS, "target": NIR, **_WEAK},
    "lwir_weak5": {"source": VIS, "target": LWIR, **_WEAK},
    "nir_augmented": {"source": VIS, "target": NIR, **_AUGMENTED},
    "lwir_augmented": {"source": VIS, "target": LWIR, **_AUGMENTED},
    "nir_supervised": {"target": NIR, **SUPERVISED},
    "lwir_supervised": {"target": LWIR, **SUPERVISED},
    "vis_supervised": {"target": VIS, **SUPERVISED},
    "vis_to_nir": {"source": VIS, "target": NIR, "kind": "cross"},
    "vis_to_lwir": {"source": VIS, "target": LWIR, "kind": "cross"},
    "nir_quality": {"source": VIS, "target": NIR, **QUALITY},
    "lwir_quality": {"source": VIS, "target": LWIR, **QUALITY},
    "nir_video_supervised": {"target": NIR_CLIPS, **_VIDEO},
    "lwir_video_supervised": {"target": LWIR_CLIPS, **_VIDEO},
    "vis_video_supervised": {"target": VIS_CLIPS, **_VIDEO},
    "nir_video_weak5": {"target": NIR_CLIPS, **_TRANSLATED_VIDEO, **_WEAK},
    "nir_video_quality": {"target": NIR_CLIPS, **_TRANSLATED_VIDEO, **QUALITY},
    "lwir_video_quality": {"target": LWIR_CLIPS, **_TRANSLATED_VIDEO, **QUALITY},
}
"""Fields of each protocol; its name is what follows the classes'."""


def _fields(start: str, protocol: str) -> Fields:
    own, (classes, words) = _PROTOCOLS[protocol], CLASSES[start]
    text = TEXT.format(words.capitalize(), own.get("size", 256))
    return {"classes": classes, "source_text": text, **own}


_NAMED = {f"{start}_{name}": _fields(start, name) for start in CLASSES for name in _PROTOCOLS}
globals().update(constants("folder", _NAMED, **{**PAIRED_PROTOCOL, "frames": "all"}))
