"""Small trees of Large-HFE in the layout proposed in `docs/datasets.md`, of drawn faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from irfer_bench.contracts.component import BASIC, Spectrum
from irfer_bench.testing.faces import make_clip

CAMERAS: dict[str, Spectrum] = {"VIS": "vis", "NIR": "nir"}
EQUAL = {"VIS": 4, "NIR": 4}


def large_hfe_tree(
    base: Path, subjects: Sequence[int] = (1, 2), *, frames: Mapping[str, int] = EQUAL
) -> Path:
    """`base/{VIS,NIR}/S001/Anger/000.jpg`, with as many frames as said of each camera."""
    for camera, count in frames.items():
        for subject in subjects:
            for label in BASIC:
                place = base / camera / f"S{subject:03d}" / label.capitalize()
                place.mkdir(parents=True)
                clip = make_clip(subject, label, CAMERAS[camera], frames=count)
                for number, frame in enumerate(clip.frames):
                    image = Image.fromarray(np.asarray(frame))
                    image.save(place / f"{number:03d}.jpg")
    return base


def write_large_hfe(root: Path) -> None:
    """Three people, both cameras, frames that correspond."""
    large_hfe_tree(root / "Large-HFE", (1, 2, 3), frames={"VIS": 2, "NIR": 2})
