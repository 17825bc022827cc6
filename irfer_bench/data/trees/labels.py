"""Canonical expression names and their spellings; integers are mapped per dataset."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from irfer_bench.contracts.component import CLASSES

SYNONYMS: dict[str, tuple[str, ...]] = {
    "anger": ("angry", "ang", "an", "rage"),
    "disgust": ("disgusted", "dis", "di"),
    "fear": ("fearful", "afraid", "af", "fe", "scared"),
    "happiness": ("happy", "happily", "joy", "ha", "smile"),
    "sadness": ("sad", "sa"),
    "surprise": ("surprised", "su", "suprise"),
    "neutral": ("ne", "calm", "no-emotion"),
    "contempt": ("contemptuous",),
    "anxiety": ("anxious",),
    "helplessness": ("helpless",),
    "disappointment": ("disappointed",),
}
"""Spellings of the datasets' labels and the canonical name of each; case does not matter."""

_CANONICAL = {name: name for name in CLASSES} | {
    spelling: name for name, spellings in SYNONYMS.items() for spelling in spellings
}


def canonical(text: str) -> str | None:
    """The class that a spelling names, or None."""
    return _CANONICAL.get(text.strip().casefold())


def nearest(text: str, classes: Sequence[str] = CLASSES) -> str:
    """The hint for an unknown label: the closest known name, or all names."""
    spellings = [s for s, name in _CANONICAL.items() if name in classes]
    near = get_close_matches(text.strip().casefold(), spellings, n=1, cutoff=0.6)
    if near:
        return f"did you mean {_CANONICAL[near[0]]}?"
    return f"known: {', '.join(classes)}"
