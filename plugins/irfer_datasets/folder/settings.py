"""The protocols on a user's own images and clips; imports nothing heavy.

Each of `families.FAMILIES` with six, seven and eight expressions and with own classes, under its
name in capitals.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from irfer_bench.api import BASIC, Domain, Setting
from irfer_datasets.folder.families import summaries
from irfer_datasets.metrics import ALL
from irfer_datasets.protocols import QUALITY, SUPERVISED, VIDEO_PROTOCOL, WEAK, settings_of

STILLS, CLIPS = ("main",), ("clips",)
VIS, NIR, LWIR = (Domain(spectrum=s, parts=STILLS) for s in ("vis", "nir", "lwir"))
VIS_CLIPS, NIR_CLIPS, LWIR_CLIPS = (
    Domain(spectrum=s, parts=CLIPS) for s in ("vis", "nir", "lwir")
)
EXTRA = Domain(spectrum="vis", parts=("extra",))
LABELS: Mapping[str, tuple[str, ...]] = {
    "folder": BASIC,
    "folder7": (*BASIC, "neutral"),
    "folder8": (*BASIC, "neutral", "contempt"),
    "folder_own": (),
}
"""Classes by the beginning of a setting's name; none means those of the data."""
TEXT = (
    "Own images and clips. Folds: the manifest's split column where it has one, else five by "
    "sorted subjects (every fifth), by item where there are no subjects. {} Centre square, {} "
    "pixels; 16-bit images by their 1 to 99 percentile."
)
_IN_WORDS = {
    "folder": "Six basic expressions.",
    "folder7": "Six basic expressions and neutral.",
    "folder8": "Six basic expressions, neutral and contempt.",
    "folder_own": "The classes that the data names.",
}
_VIDEO = {**VIDEO_PROTOCOL, "kind": "supervised"}
_PROTOCOLS: Mapping[str, Mapping[str, Any]] = {
    "nir_weak5": {"source": VIS, "target": NIR, "shots": 5, **WEAK},
    "lwir_weak5": {"source": VIS, "target": LWIR, "shots": 5, **WEAK},
    "nir_augmented": {"source": VIS, "target": NIR, "kind": "augmented", "extra": EXTRA},
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
    "nir_video_weak5": {
        "source": VIS_CLIPS, "target": NIR_CLIPS, "shots": 5, **VIDEO_PROTOCOL, **WEAK,
    },
}  # fmt: skip

_setting = settings_of(
    dataset="folder", folds=5, frames="all", unit="frame", size=256, metrics=ALL
)


def _settings() -> Mapping[str, Setting]:
    made = {}
    for name, summary in summaries():
        start = max((s for s in LABELS if name.startswith(f"{s}_")), key=len)
        own = _PROTOCOLS[name.removeprefix(f"{start}_")]
        text = TEXT.format(_IN_WORDS[start], own.get("size", 256))
        more = {"classes": LABELS[start], "source_text": text}
        made[name.upper()] = _setting(name, summary, **more, **own)
    return made


SETTINGS: Mapping[str, Setting] = _settings()


def __getattr__(name: str) -> Setting:
    """A setting by its name in capitals.

    Raises:
        AttributeError: there is none of this name.
    """
    if name not in SETTINGS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return SETTINGS[name]
