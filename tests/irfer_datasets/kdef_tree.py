"""KDEF trees in the exact layout of `docs/datasets.md`, drawn or empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from irfer_datasets.kdef.dataset import BLACK, EXPRESSIONS, VIEWS
from tests.irfer_datasets.cfee_tree import draw


def kdef_tree(
    root: Path,
    subjects: Sequence[str] = ("F03", "M02"),
    *,
    sessions: str = "AB",
    views: Sequence[str] = tuple(VIEWS),
    drawn: bool = False,
) -> Path:
    """`root/AF01/AF01ANS.JPG`; empty files unless drawn, and black ones where the official are."""
    for number, subject in enumerate(subjects):
        for session in sessions:
            place = root / f"{session}{subject}"
            place.mkdir(parents=True)
            for code, label in EXPRESSIONS.items():
                for view in views:
                    path = place / f"{session}{subject}{code}{view}.JPG"
                    if path.stem in BLACK:
                        Image.new("RGB", (32, 44), (3, 2, 2)).save(path)
                    elif drawn:
                        draw(path, number, label)
                    else:
                        path.touch()
    return root


def write_kdef(root: Path) -> None:
    """Three people, two sessions, and the averaged faces beside them."""
    kdef_tree(root / "KDEF_and_AKDEF" / "KDEF", ("F01", "F02", "M03"), drawn=True)
    averaged = root / "KDEF_and_AKDEF" / "AKDEF"
    averaged.mkdir()
    draw(averaged / "FAFFL.JPG", 1, "fear")
