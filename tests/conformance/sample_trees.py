"""Small drawn trees of every built-in dataset that reads files, as its owner distributes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from irfer_bench.contracts.component import BASIC, Spectrum
from irfer_bench.testing.faces import make_clip
from tests.irfer_datasets.affectnet_tree import write_affectnet
from tests.irfer_datasets.cfee_tree import write_cfee
from tests.irfer_datasets.ck_plus_tree import write_ck_plus
from tests.irfer_datasets.dfew_tree import dfew_tree
from tests.irfer_datasets.ferplus_tree import write_ferplus
from tests.irfer_datasets.ferv39k_tree import write_ferv39k
from tests.irfer_datasets.hub_tree import write_hub
from tests.irfer_datasets.kdef_tree import write_kdef
from tests.irfer_datasets.large_hfe_tree import write_large_hfe
from tests.irfer_datasets.mafw_tree import write_mafw, write_mafw_compound
from tests.irfer_datasets.nvie_tree import write_nvie
from tests.irfer_datasets.raf_db_tree import write_raf_db

Write = Callable[[Path], None]


def write_folder(root: Path) -> None:
    """`<spectrum>/<subject>/<expression>/<name>.png` of five people, two spectra, six classes."""
    spectra: tuple[Spectrum, ...] = ("vis", "nir")
    for spectrum in spectra:
        for subject in range(5):
            for label in BASIC:
                place = root / spectrum / f"p{subject}" / label
                place.mkdir(parents=True)
                frame = make_clip(subject, label, spectrum).frames[0]
                Image.fromarray(frame).save(place / "a.png")


def write_oulu_casia(root: Path) -> None:
    """Three subjects of the original tree: both cameras, three lights, nine frames at most."""
    cameras: tuple[tuple[str, Spectrum, int], ...] = (("NI", "nir", 3), ("VL", "vis", 2))
    for camera, spectrum, frames in cameras:
        for light in ("Strong", "Weak", "Dark"):
            for subject in (1, 2, 3):
                for label in BASIC:
                    place = root / camera / light / f"P{subject:03d}" / label.capitalize()
                    place.mkdir(parents=True)
                    clip = make_clip(subject, label, spectrum, frames=frames)
                    for number, frame in enumerate(clip.frames):
                        grey = Image.fromarray(np.asarray(frame)).convert("L")
                        grey.save(place / f"{number:03d}.jpeg")


def write_dfew(root: Path) -> None:
    """Fifteen clips of the official crops with the original videos beside them."""
    dfew_tree(root)


SAMPLES: dict[str, Write] = {
    "affectnet": write_affectnet,
    "cfee": write_cfee,
    "ck_plus": write_ck_plus,
    "dfew": write_dfew,
    "ferplus": write_ferplus,
    "ferv39k": write_ferv39k,
    "folder": write_folder,
    "hub": write_hub,
    "kdef": write_kdef,
    "large_hfe": write_large_hfe,
    "mafw": write_mafw,
    "mafw_compound": write_mafw_compound,
    "nvie": write_nvie,
    "oulu_casia": write_oulu_casia,
    "raf_db": write_raf_db,
}
