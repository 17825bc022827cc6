"""What AffectNet makes of a small tree, and what it should."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from irfer_datasets.affectnet.dataset import AffectNet

CODES = (
    "neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt",
)  # fmt: skip
"""The official 0 to 7."""
TRAINING = "Manually_Annotated_file_lists/training.csv"
SMALL = Counter({**{("train", c): 2 for c in CODES}, **{("val", c): 1 for c in CODES}})
"""What both trees of the tests hold."""


def kinds(root: Path, dataset: AffectNet | None = None) -> list[str]:
    """Kinds of all problems but that the tree is small and has labels without expression."""
    small = {"unexpected_count", "left_out"}
    return [p.kind for p in (dataset or AffectNet()).problems(root) if p.kind not in small]


def facts(root: Path, dataset: AffectNet | None = None) -> Counter[tuple[str, str | None]]:
    return Counter((item.split, item.label) for item in (dataset or AffectNet()).index(root))
