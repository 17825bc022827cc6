"""Frames and sound of a user's videos, from their headers, and colour among infrared images."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from irfer_bench.api import DamagedError, UnreadableImageError, open_image
from irfer_datasets.folder.rows import Row, Rows

LOOKED_AT = 200
"""Images of one spectrum whose colour is looked at, evenly spread."""
COLOUR = 6.0
"""Mean difference of two channels, of 255, from which an image counts as coloured."""


def measure(found: Rows) -> None:
    """Count the frames of every row, and find a video's sound in itself.

    A video whose header cannot be read is noted as `empty` or `damaged` and kept with one frame,
    so that a run that needs it stops. Clips without audio are noted where others have some.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        found.rows = list(pool.map(lambda row: _measured(row, found), found.rows))
    clips = [row for row in found.rows if row.clip]
    mute = sum(not row.audio for row in clips)
    if mute:
        action = f"{mute} of {len(clips)} clips have no audio: methods of audio get silence"
        found.note("no_sound", ".", action)


def _measured(row: Row, found: Rows) -> Row:
    if not row.video:
        return replace(row, frames=max(1, len(row.files)))
    from irfer_bench.api import probe_video

    try:
        facts = probe_video(found.root, row.path)
    except DamagedError as error:
        kind = "damaged" if (found.root / row.path).stat().st_size else "empty"
        found.note(kind, row.path, f"{error.message}; a run that needs it stops")
        return row
    sound = row.audio or (row.path if facts.audio else "")
    return replace(row, frames=facts.frames, audio=sound)


def note_colour(found: Rows) -> None:
    """`mixed_spectra` where some images of an infrared spectrum are in colour and others grey."""
    for spectrum in ("nir", "lwir"):
        rows = [row for row in found.rows if row.spectrum == spectrum and not row.clip]
        step = -(-len(rows) // LOOKED_AT) or 1
        coloured = _coloured(found.root, rows[::step])
        if 0 < len(coloured) < len(rows[::step]):
            action = (
                f"in colour, as {len(coloured)} of {len(rows[::step])} {spectrum} images that "
                "were looked at, the others are grey: are they visible images?"
            )
            found.note("mixed_spectra", coloured[0].path, action)


def _coloured(root: Path, rows: Sequence[Row]) -> list[Row]:
    with ThreadPoolExecutor(max_workers=4) as pool:
        flags = pool.map(lambda row: _is_coloured(root / row.path), rows)
        return [row for row, flag in zip(rows, flags, strict=True) if flag]


def _is_coloured(path: Path) -> bool:
    from PIL import ImageChops, ImageStat

    try:
        with open_image(path) as image:
            image.draft("RGB", (64, 64))
            if image.mode not in ("RGB", "RGBA", "P", "CMYK"):
                return False
            red, green, blue = image.convert("RGB").resize((32, 32)).split()
            pairs = ((red, green), (green, blue))
            return any(ImageStat.Stat(ImageChops.difference(*p)).mean[0] > COLOUR for p in pairs)
    except (UnreadableImageError, OSError):
        return False  # `data check` decodes every image and reports it
