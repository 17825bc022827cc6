"""RAF-DB trees in the exact layouts of `docs/datasets.md`, drawn images only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from irfer_datasets.raf_db.dataset import LABELS
from tests.irfer_datasets.cfee_tree import draw

ROWS: Mapping[str, int] = {
    **{f"train_{number:05d}": (number - 1) % 7 + 1 for number in range(1, 15)},
    **{f"test_{number:04d}": (number - 1) % 7 + 1 for number in range(1, 8)},
}
"""Two training images and one test image per code."""


def owner_tree(
    root: Path,
    rows: Mapping[str, int] = ROWS,
    *,
    images: Sequence[str] = ("aligned",),
    spelling: str = "list_patition_label.txt",
) -> Path:
    """`root/Image/<images>/train_00001[_aligned].jpg` and `root/EmoLabel/<spelling>`."""
    for kind in images:
        for name, code in rows.items():
            suffix = "_aligned" if kind == "aligned" else ""
            path = root / "Image" / kind / f"{name}{suffix}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            draw(path, len(kind) + code, LABELS[code])
    place = root / "EmoLabel" / spelling
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(f"{name}.jpg {code}\n" for name, code in rows.items()))
    return root


def kaggle_tree(root: Path, rows: Mapping[str, int] = ROWS) -> Path:
    """`root/{train,test}/{1..7}/train_00001_aligned.jpg` and `root/{train,test}_labels.csv`."""
    tables = {"train": "image,label\n", "test": "image,label\n"}
    for name, code in rows.items():
        split = name.partition("_")[0]
        path = root / split / str(code) / f"{name}_aligned.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(path, code, LABELS[code])
        tables[split] += f"{path.name},{code}\n"
    for split, table in tables.items():
        (root / f"{split}_labels.csv").write_text(table)
    return root


def write_raf_db(root: Path) -> None:
    """The official form with both framings, two training images and a test image per class."""
    owner_tree(root / "basic", images=("aligned", "original"))
