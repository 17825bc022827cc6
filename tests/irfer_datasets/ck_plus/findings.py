"""What CK+ makes of a drawn tree, and the official codes."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.api import Item
from irfer_datasets.ck_plus.dataset import CkPlus
from tests.irfer_datasets.ck_plus_tree import SEQUENCES

CODES = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
"""The official 0 to 7."""
LABELLED = {session: code for session, code in SEQUENCES.items() if code is not None}
FIRST = "cohn-kanade-images/S005/001/S005_001_0000000"


def kinds(root: Path) -> list[str]:
    """Kinds of all problems that are not about the tree being small or partly unlabelled."""
    small = {"unexpected_count", "left_out"}
    return [p.kind for p in CkPlus().problems(root) if p.kind not in small]


def sequences(root: Path) -> dict[str, Item]:
    """Items by id."""
    return {item.id: item for item in CkPlus().index(root)}
