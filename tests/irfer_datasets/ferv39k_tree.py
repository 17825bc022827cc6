"""FERV39k trees in the exact layout of `docs/datasets.md`, drawn frames only."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from irfer_bench.contracts.component import BASIC
from irfer_bench.testing.faces import make_clip
from irfer_datasets.ferv39k.dataset import EXPRESSIONS

SCENES = ("Action", "DailyLife")
CLIPS = {
    f"{scene}/{expression}/{number:04d}": "test" if number == 9 else "train"
    for scene in SCENES
    for expression in EXPRESSIONS
    for number in (0, 9)
}
"""One training and one test clip of each expression and scene."""


def ferv39k_tree(root: Path, *, crops: str = "2_ClipsforFaceCrop", frames: int = 3) -> Path:
    """`root/2_ClipsforFaceCrop/Action/Happy/0000/1.jpg` and `root/4_setups/All_scenes/…`."""
    for number, clip in enumerate(CLIPS):
        place = root / crops / clip
        place.mkdir(parents=True)
        faces = make_clip(number, BASIC[number % len(BASIC)], "vis", frames=frames).frames
        for position, face in enumerate(faces, start=8):  # 8, 9, 10: their names sort otherwise
            Image.fromarray(face).save(place / f"{position}.jpg")
    lists = root / "4_setups/All_scenes"
    lists.mkdir(parents=True)
    for side in ("train", "test"):
        own = (clip for clip, split in CLIPS.items() if split == side)
        rows = (f"{clip} {clip.split('/')[1]}\n" for clip in own)
        (lists / f"{side}_All.csv").write_text("".join(rows))
    return root


def numbered_lists(root: Path) -> None:
    """DFER-CLIP's lists, with paths of its author's machine."""
    for side in ("train", "test"):
        rows = [
            f"/data/FERV39K/2_ClipsforFaceCrop/{clip} 3 {EXPRESSIONS.index(clip.split('/')[1])}\n"
            for clip, split in CLIPS.items()
            if split == side
        ]
        (root / f"FERV39K_{side}.txt").write_text("".join(rows))


def write_ferv39k(root: Path) -> None:
    """The tree as distributed."""
    ferv39k_tree(root)


