"""Small trees of USTC-NVIE as `docs/datasets.md` describes them, of drawn faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from irfer_bench.contracts.component import BASIC, Spectrum
from irfer_bench.testing.faces import make_clip

CAMERAS: dict[str, Spectrum] = {"visible": "vis", "infrared": "lwir"}
SPONTANEOUS = "SpontaneousDatabase"
POSED = "0-PosedExpressionDatabase"
SELECTED = "5_USTC-ApexVisibleSpontaneousExpressionFrame_AAM Points/SelectedSamples"
FELT = ("happiness", "disgust", "fear", "surprise", "anger", "sadness")
"""What clip 1, 2, ... of every subject elicits here, in the rating table's order of columns."""


def face(path: Path, subject: int, label: str, camera: str) -> None:
    """One drawn face."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = np.asarray(make_clip(subject, label, CAMERAS[camera]).frames[0])
    image = Image.fromarray(frame)
    (image if camera == "visible" else image.convert("L")).save(path)


def clips_of(
    base: Path, subject: int, *, light: str = "front", cameras: Sequence[str] = ()
) -> Path:
    """One subject's folder: six clips of two frames and the apex of each, by `<clip>_<frame>`."""
    place = base / SPONTANEOUS / light / f"{subject:03d}"
    for camera in cameras or tuple(CAMERAS):
        for number, label in enumerate(FELT, start=1):
            for k in (1, 2):
                face(place / camera / str(number) / f"{k}.bmp", subject, label, camera)
            face(place / camera / "apex" / f"{number}_0002.BMP", subject, label, camera)
    return place


def write_ratings(path: Path, subjects: Sequence[int], clips: int = 6) -> None:
    """A rating table in which clip k elicits `FELT[k-1]` most."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = "happy,disgust,fear,surprise,anger,sadness"
    lines = [",".join(f"{number},{names}" for number in range(1, clips + 1))]
    for subject in subjects:
        blocks = []
        for number in range(clips):
            values = ["1.6" if k == number else "0.4" for k in range(6)]
            blocks.append(",".join((str(subject), *values)))
        lines.append(",".join(blocks))
    path.write_text("\r\n".join(lines), encoding="utf-8")


def spontaneous_tree(
    base: Path, subjects: Sequence[int] = (1, 2, 12), *, lights: Sequence[str] = ("front",)
) -> Path:
    """`base/SpontaneousDatabase/<light>/<subject>/<camera>/...` with `base/Labels/labels.csv`."""
    for light in lights:
        for subject in subjects:
            clips_of(base, subject, light=light)
    write_ratings(base / "Labels/labels.csv", subjects)
    return base


def posed_tree(
    base: Path, subjects: Sequence[int] = (1, 2), levels: str = "{subject:03d}/front"
) -> Path:
    """`base/0-PosedExpressionDatabase/<levels>/<camera>/<expression>/1.bmp`."""
    for subject in subjects:
        for camera in CAMERAS:
            for label in BASIC:
                place = base / POSED / levels.format(subject=subject) / camera / label
                face(place / "1.bmp", subject, label, camera)
    return base


def selected_tree(base: Path) -> Path:
    """`base/5_USTC-... Points/SelectedSamples/<code>_<number>.bmp`."""
    for code, label in enumerate(FELT, start=1):
        face(base / SELECTED / f"{code}_007.bmp", code, label, "visible")
    return base


def write_nvie(root: Path) -> None:
    """Both parts of three people, and the selected samples, as unpacked."""
    spontaneous_tree(root / "NVIE", (1, 2, 3))
    posed_tree(root / "NVIE", (1, 2, 3))
    selected_tree(root / "NVIE")
