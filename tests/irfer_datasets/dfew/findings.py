"""What DFEW makes of a drawn tree, and what it should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from irfer_datasets.dfew.dataset import Dfew
from tests.irfer_datasets.dfew_tree import CLIPS

TEST_1 = "EmoLabel_DataSplit/test(single-labeled)/set_1.csv"
TRAIN_1 = "EmoLabel_DataSplit/train(single-labeled)/set_1.csv"
CROPS = "Clip/clip_224x224"
EXPECTED = {
    f"dfew_{clip:05d}": (label, f"set_{k // 3 + 1}")
    for k, (clip, label) in enumerate(CLIPS.items())
}


def kinds(root: Path, dataset: Dfew | None = None) -> list[tuple[str, str]]:
    """Kinds and paths of all problems, but those of a small tree with frames alone."""
    found = (dataset or Dfew()).problems(root)
    return [(p.kind, p.path) for p in found if p.kind not in ("unexpected_count", "no_sound")]


def facts(root: Path, dataset: Dfew | None = None) -> dict[str, tuple[str | None, str]]:
    return {item.id: (item.label, item.split) for item in (dataset or Dfew()).index(root)}


def append(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text((root / name).read_text() + text)
