"""FER+ trees in the exact layouts of `docs/datasets.md`, drawn images only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from irfer_bench.contracts.component import BASIC
from irfer_bench.testing.faces import make_clip
from irfer_datasets.ferplus.votes import NATIVE

HEADER = ",".join(("Usage", "Image name", *NATIVE, "unknown", "NF"))
FOLDERS = {"Training": "FER2013Train", "PublicTest": "FER2013Valid", "PrivateTest": "FER2013Test"}
Row = tuple[str, str, Sequence[int]]
"""Usage, name without suffix, ten votes."""


def votes(**counts: int) -> list[int]:
    """Ten numbers in the official order."""
    return [counts.get(name, 0) for name in (*NATIVE, "unknown", "nf")]


def rows() -> list[Row]:
    """Two training images, one validation and one test image of each class; then three without.

    The row without a name stands for an image that the distributor left out.
    """
    made: list[Row] = []
    for usage, each in (("Training", 2), ("PublicTest", 1), ("PrivateTest", 1)):
        if usage == "PublicTest":
            made.append(("Training", "", votes(nf=10)))
            made.append(("Training", "fer0000090", votes(anger=5, fear=5)))
            made.append(("Training", "fer0000091", votes(unknown=9, fear=1)))
        for label in NATIVE * each:
            made.append((usage, f"fer{len(made):07d}", votes(**{label: 8, "unknown": 1})))
    return made


def draw(row: Row) -> NDArray[np.uint8]:
    """(48, 48) grey values of a row's image."""
    number = int(row[1][3:] or 99)
    frame = make_clip(number, BASIC[number % len(BASIC)], "vis").frames[0]
    return np.asarray(Image.fromarray(frame).convert("L").resize((48, 48)))


def write_votes(path: Path, own: Sequence[Row]) -> None:
    """`fer2013new.csv`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{usage},{name and name + '.png'},{_joined(v)}" for usage, name, v in own)
    path.write_text("\n".join([HEADER, *lines]) + "\n")


def write_pixels(path: Path, own: Sequence[Row], *, later: bool = False) -> None:
    """`fer2013.csv`, or Kaggle's later file with other columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["emotion, Usage, pixels" if later else "emotion,pixels,Usage"]
    for row in own:
        pixels = " ".join(map(str, draw(row).ravel()))
        lines.append(f"0,{row[0]},{pixels}" if later else f"0,{pixels},{row[0]}")
    path.write_text("\n".join(lines) + "\n")


def write_folders(root: Path, own: Sequence[Row], *, lists: bool = True) -> None:
    """`FER2013Train/fer0000000.png` with `label.csv` in the folder."""
    for usage, folder in FOLDERS.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        named = [row for row in own if row[0] == usage and row[1]]
        for row in named:
            Image.fromarray(draw(row)).save(root / folder / f"{row[1]}.png")
        if lists:
            (root / folder / "label.csv").write_text("".join(_listed(named)))


def _listed(own: Sequence[Row]) -> Iterator[str]:
    for _, name, given in own:
        yield f'{name}.png,"(0, 0, 48, 48)",{_joined(given)}\n'


def _joined(given: Sequence[int]) -> str:
    return ",".join(map(str, given))


def write_ferplus(root: Path) -> None:
    """The form with images in folders."""
    write_folders(root / "data", rows())
