"""CFEE trees in the exact layout of `docs/datasets.md`, drawn or empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from irfer_bench.testing.faces import make_clip
from irfer_datasets.cfee.dataset import CODES, FOLDERS, GROUPS


def folder_of(code: str) -> str:
    """Where the release keeps a code: `01-04/Images1` for 03."""
    groups = zip(GROUPS, FOLDERS, strict=True)
    return next(f"{group}/{images}" for group, images in groups if int(code) <= int(group[3:]))


def cfee_tree(
    root: Path,
    subjects: Sequence[int] = (110, 111, 126),
    codes: Sequence[str] = (*CODES, "09", "26"),
    *,
    drawn: bool = False,
) -> Path:
    """`root/01-04/Images1/01_110_2001.jpg`; empty files unless drawn."""
    for code in codes:
        place = root / folder_of(code)
        place.mkdir(parents=True, exist_ok=True)
        for number, subject in enumerate(subjects):
            path = place / f"{code}_{subject}_{2000 + number}.jpg"
            if drawn:
                draw(path, number, CODES.get(code, "surprise"))
            else:
                path.touch()
    (root / "AU_annotation_all_subjects.xls").touch()
    return root


def draw(path: Path, person: int, label: str) -> None:
    """A face; the neutral one is a sad one, for the drawn faces know six classes."""
    frame = make_clip(person, "sadness" if label == "neutral" else label, "vis").frames[0]
    Image.fromarray(frame).save(path)


def write_cfee(root: Path) -> None:
    """Three subjects, the seven codes that are used and two that are not."""
    cfee_tree(root / "CFEE_Database_230", drawn=True)
