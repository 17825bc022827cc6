"""What NVIE makes of a drawn tree."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.api import Item, Problem
from irfer_datasets.nvie.dataset import Nvie

SMALL = {"missing_domain", "unexpected_count", "unexpected_size"}
"""Kinds of problems that every small tree has."""


def items(root: Path, part: str = "") -> list[Item]:
    """What a fresh instance lists, of one part."""
    return [item for item in Nvie().index(root) if item.part.startswith(part)]


def kinds(root: Path) -> list[tuple[str, str]]:
    """Kinds and last path part of all problems that are not about the tree being small."""
    return [(p.kind, p.path.split("/")[-1]) for p in Nvie().problems(root) if p.kind not in SMALL]


def told(root: Path, dataset: Nvie | None = None) -> list[Problem]:
    """Problems that are not about the tree being small."""
    return [p for p in (dataset or Nvie()).problems(root) if p.kind not in SMALL]
