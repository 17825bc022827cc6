"""Photographs as somebody brings them: 193 of 19 adults by a near-infrared camera, drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from irfer_bench.api import BASIC
from irfer_synth.dataset import SynthDataset

ADULTS = 19
SECOND = {"neutral": 16, "contempt": 17, "happiness": 8}
"""How many adults were photographed twice with an expression; each of the others once."""
SPELT = {"happiness": "Happy", "anger": "angry", "sadness": "sad", "surprise": "surprised"}
TOTAL = 193


def photographs(
    camera: str = "nir", adults: int = ADULTS
) -> Iterator[tuple[str, str, Image.Image]]:
    """(subject, expression, photograph); a second one is another drawn face."""
    dataset = SynthDataset()
    items = {
        (item.subject, item.label): item
        for item in dataset.index(None)
        if item.part == "stills" and item.lighting == "normal" and item.spectrum == camera
    }
    wanted = []
    for label in (*BASIC, "neutral", "contempt"):
        for number in range(1, adults + 1):
            takes = 2 if number <= SECOND.get(label, 0) else 1
            wanted += [(number, label, take) for take in range(takes)]
    chosen = [items[f"s{number + 40 * take:03d}", label] for number, label, take in wanted]
    for (number, label, _), clip in zip(wanted, dataset.read_many(chosen), strict=True):
        yield f"S{number:02d}", label, Image.fromarray(clip.frames[0])


def by_folders(root: Path, spectrum: str = "near_infrared", adults: int = ADULTS) -> Path:
    """`root/<spectrum>/S01/Happy/IMG_0001.jpg`."""
    for k, (subject, label, image) in enumerate(photographs(adults=adults), start=1):
        place = root / spectrum / subject / SPELT.get(label, label) / f"IMG_{k:04d}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        image.resize((160, 120)).save(place)
    return root


def by_names(root: Path, adults: int = ADULTS) -> Path:
    """`root/nir/happiness/S01_0001.png`: the subject is in the file's name."""
    for k, (subject, label, image) in enumerate(photographs(adults=adults), start=1):
        place = root / "nir" / label / f"{subject}_{k:04d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        image.save(place)
    return root
