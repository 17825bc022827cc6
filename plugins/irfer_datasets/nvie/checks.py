"""Checks against NVIE's published facts: subjects per light direction, image sizes."""

from __future__ import annotations

from pathlib import Path

from irfer_bench.api import Matches, UnreadableImageError, open_image
from irfer_datasets.expected import published
from irfer_datasets.nvie.levels import CAMERAS
from irfer_datasets.nvie.rows import ILLUMINATIONS, RowSurvey, counted

_COUNTS = "subjects_with_spontaneous_front_left_right"
USABLE = 100
"""Published minimum of subjects with usable images."""
SIZES = {"vis": (704, 480), "lwir": (320, 240)}


def check(seen: RowSurvey) -> None:
    """Problems `missing_domain`, `unexpected_count`, `unexpected_size` and `packed`.

    Subjects with spontaneous clips are counted per light direction, labelled or not, and those of
    the posed part; a copy with fewer than the least known number is incomplete. One image of each
    part, light and camera is opened, and only its header is read.
    """
    known = dict(zip(ILLUMINATIONS, published("nvie")[_COUNTS], strict=True))
    least = min(known.values())
    for light in ILLUMINATIONS:
        people = len(counted(seen.rows, light))
        place = f"SpontaneousDatabase/{light}"
        if not people:
            seen.note("missing_domain", place, "settings that need this light direction cannot run")
        elif people < least:
            action = f"{people} subjects where a public note counts {known[light]}"
            seen.note("unexpected_count", place, f"{action} and {least} are the least; all used")
    posed = {row.subject for row in seen.rows if row.part == "posed" and row.subject}
    if 0 < len(posed) < least:
        action = f"{len(posed)} subjects where more than {USABLE} are published; all used"
        seen.note("unexpected_count", "0-PosedExpressionDatabase", action)
    if not any(item.part == "spontaneous_apex" for item in seen.items):
        action = "no labelled image in a folder apex; settings of apex images cannot run: "
        hint = "say the phase in manifest.csv (irfer-bench data scan nvie writes it)"
        seen.note("missing_domain", "SpontaneousDatabase/*/*/*/apex", action + hint)
    _check_sizes(seen)


def _check_sizes(seen: RowSurvey) -> None:
    first = {(item.part, item.lighting, item.spectrum): item for item in reversed(seen.items)}
    for item in reversed(first.values()):
        size = _size(seen.root / item.files[0])
        width, height = SIZES[item.spectrum]
        if size is not None and size != (width, height):
            found = f"{size[0]}x{size[1]} pixels where {width}x{height} is published"
            seen.note("unexpected_size", item.files[0], f"{found}; it is used")


def _size(path: Path) -> tuple[int, int] | None:
    try:
        with open_image(path) as image:
            return image.size
    except UnreadableImageError:
        return None  # `data check` decodes every image and reports it


def place(found: Matches) -> str:
    """Hints why a folder is not this dataset."""
    names = {folder.casefold() for folder in found.tree.files if folder and "/" not in folder}
    hints = ["no SpontaneousDatabase or 0-PosedExpressionDatabase below it"]
    if names & set(ILLUMINATIONS):
        hints.append("it holds front, left or right: give the folder above it")
    elif names & set(CAMERAS):
        hints.append("it holds one subject's visible or infrared: give the folder of the whole set")
    return "; ".join(hints)
