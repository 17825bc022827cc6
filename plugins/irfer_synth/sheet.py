"""The contact sheet of `irfer-bench show synth`: a row per class, a column per camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from irfer_bench.api import CLASSES
from irfer_synth.faces import Camera, draw_moments, render
from irfer_synth.identity import BENCHMARK

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: tuple[tuple[Camera, str], ...] = (
    ("vis", "visible"),
    ("nir", "near-infrared"),
    ("lwir", "thermal"),
    ("dark", "visible, dark"),
)
PEOPLE = (1, 2, 5)
SIDE, MARGIN, TOP = 96, 110, 34


def draw(path: Path, size: int = SIDE) -> Path:
    """Write the sheet as PNG to `path` and return it; three subjects, eleven classes."""
    wide = MARGIN + size * len(PEOPLE) * len(COLUMNS)
    sheet = Image.new("RGB", (wide, TOP + size * len(CLASSES)), "white")
    pen = ImageDraw.Draw(sheet)
    moments = draw_moments(
        [n for _ in CLASSES for n in PEOPLE], [c for c in CLASSES for _ in PEOPLE], BENCHMARK
    )
    for row, label in enumerate(CLASSES):
        pen.text((6, TOP + size * row + size // 2 - 6), label, fill="black")
    for column, (camera, title) in enumerate(COLUMNS):
        images, _ = render(moments, camera, size)
        left = MARGIN + column * size * len(PEOPLE)
        pen.text((left + 6, 10), title, fill="black")
        block = images.reshape(len(CLASSES), len(PEOPLE), size, size, 3)
        rows = np.concatenate(
            list(block.transpose(0, 2, 1, 3, 4).reshape(len(CLASSES), size, len(PEOPLE) * size, 3))
        )
        sheet.paste(Image.fromarray(rows), (left, TOP))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    return path
