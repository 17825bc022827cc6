"""CK+ trees in the layouts of `docs/datasets.md`, drawn images only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from irfer_datasets.ck_plus.sequences import LABELS
from tests.irfer_datasets.trees import image

SEQUENCES: Mapping[str, int | None] = {
    **{f"S{subject:03d}/{code:03d}": code for subject in (5, 10, 11) for code in range(1, 8)},
    "S005/008": None,
    "S999/001": None,
}
"""Session and code: three people with all seven expressions, and two sequences without a label."""


def ck_plus_tree(
    root: Path,
    sequences: Mapping[str, int | None] = SEQUENCES,
    *,
    frames: int = 4,
    images: str = "cohn-kanade-images",
    emotion: str = "Emotion",
    landmarks: str = "",
) -> Path:
    """`root/<images>/S005/001/S005_001_00000001.png` and `root/<emotion>/…_emotion.txt`."""
    for session, code in sequences.items():
        stem = session.replace("/", "_")
        for number in range(1, frames + 1):
            name = f"{stem}_{number:08d}"
            value = 10 * number + (code or 0)
            image(root / images / session / f"{name}.png", value)
            if landmarks:
                place = root / landmarks / session / f"{name}_landmarks.txt"
                place.parent.mkdir(parents=True, exist_ok=True)
                rows = (f"   {number + k / 7:.7e}   {2 * k:.7e}\n" for k in range(68))
                place.write_text("".join(rows))
        folder = root / emotion / session
        folder.mkdir(parents=True, exist_ok=True)
        if code is not None:
            place = folder / f"{stem}_{frames:08d}_emotion.txt"
            place.write_text(f"   {code:.7e}\n")
    assert set(sequences.values()) <= {None, *LABELS}
    return root


def write_ck_plus(root: Path) -> None:
    """The official four trees, FACS included."""
    ck_plus_tree(root, landmarks="Landmarks")
    facs = root / "FACS/S005/001/S005_001_00000004_facs.txt"
    facs.parent.mkdir(parents=True)
    facs.write_text("   4.0000000e+00   3.0000000e+00\n")
