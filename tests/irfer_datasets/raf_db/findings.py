"""What RAF-DB makes of a drawn tree."""

from __future__ import annotations

from pathlib import Path

from irfer_datasets.raf_db.dataset import RafDb

CODES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
"""The official 1 to 7."""


def kinds(root: Path) -> list[str]:
    """Kinds of all problems that are not about the tree being small."""
    return [p.kind for p in RafDb().problems(root) if p.kind != "unexpected_count"]


def labels(root: Path) -> dict[str, str | None]:
    return {item.id: item.label for item in RafDb().index(root)}
