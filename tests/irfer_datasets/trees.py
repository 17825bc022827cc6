"""Small trees in the exact layouts of `docs/datasets.md`, and of anyone's own folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from PIL import Image

from irfer_datasets.oulu_casia.dataset import EXPRESSIONS

LENGTHS: dict[str, dict[str, list[int]]] = json.loads(
    files("irfer_datasets").joinpath("oulu_casia/lengths.json").read_text()
)
SHORT: Sequence[tuple[str, int]] = (("VL", 4), ("NI", 6))
"""Camera and number of frames: unequal, as in most real pairs."""


def image(
    path: Path, value: int = 100, *, mode: str = "L", size: tuple[int, int] = (32, 24)
) -> None:
    """A grey ramp whose brightness tells which image it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = Image.linear_gradient("L").resize(size).point(lambda v: (v + value) % 256)
    drawn.convert(mode).save(path)


def oulu_tree(
    base: Path,
    subjects: Sequence[str] = ("P001", "P002"),
    *,
    cameras: Sequence[tuple[str, int]] = SHORT,
    lights: Sequence[str] = ("Strong",),
    full: bool = False,
) -> Path:
    """`base/{NI,VL}/{Strong,..}/P001/Anger/000.jpeg`; with `full` as long as the real sequences."""
    for camera, count in cameras:
        for light in lights:
            for subject in subjects:
                for expression in EXPRESSIONS:
                    real = LENGTHS[subject][expression][camera.startswith("NI")]
                    for k in range(real if full else count):
                        place = base / camera / light / subject / expression / f"{k:03d}.jpeg"
                        image(place, value=10 * k, mode="L" if camera.startswith("NI") else "RGB")
    return base


def folder_tree(
    root: Path,
    subjects: Sequence[str] = ("anna", "ben"),
    *,
    spectra: Sequence[str] = ("vis", "nir"),
    labels: Sequence[str] = ("anger", "happiness"),
    each: int = 1,
) -> Path:
    """`root/<spectrum>/<subject>/<expression>/<name>.png`."""
    for spectrum in spectra:
        for subject in subjects:
            for label in labels:
                for k in range(each):
                    image(root / spectrum / subject / label / f"{k}.png", value=10 * k)
    return root
