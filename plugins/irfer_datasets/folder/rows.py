"""One image or clip of a user's own: what its names may say, and what its header says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from irfer_bench.api import (
    CLASSES,
    Spectrum,
    Survey,
    UnreadableImageError,
    canonical,
    nearest,
    open_image,
    probe_videos,
)

SPECTRA: Mapping[str, Spectrum] = {
    "vis": "vis",
    "visible": "vis",
    "rgb": "vis",
    "nir": "nir",
    "near-infrared": "nir",
    "lwir": "lwir",
    "thermal": "lwir",
}
_SPELLINGS: Mapping[str, Spectrum] = {
    **{re.sub(r"[^a-z]", "", name): spectrum for name, spectrum in SPECTRA.items()},
    "color": "vis",
    "colour": "vis",
    "nearir": "nir",
    "longwaveinfrared": "lwir",
}
LAYOUT = "<spectrum>/<subject>/<expression>/<name>.png"
_OWN = re.compile(r"[a-z][a-z0-9_]*")
TYPO = 0.75
"""From this similarity on, a name is taken for a misspelt expression and not for an own class."""


@dataclass(frozen=True)
class Row:
    """One image or clip and the facts that the user states.

    Args:
        path: of the image, the video, or the folder of frames, below the root.
        files: the frames of a folder of frames; empty for one file.
        audio: the file of its sound, or empty. video: whether it is a video file.
        frames: 1 until they are counted.
    """

    path: str
    spectrum: Spectrum
    label: str | None
    subject: str | None = None
    lighting: str = ""
    pair: str | None = None
    split: str = ""
    part: str = "main"
    files: tuple[str, ...] = ()
    audio: str = ""
    video: bool = False
    frames: int = 1

    @property
    def clip(self) -> bool:
        """Whether it is a clip and not a still."""
        return self.video or bool(self.files)


@dataclass
class Rows(Survey):
    """Usable rows, their items, and the problems of the others."""

    rows: list[Row] = field(default_factory=list)


def spectrum_of(name: str) -> Spectrum | None:
    """The spectrum that a folder's name means; case, `-`, `_` and spaces do not matter."""
    return _SPELLINGS.get(re.sub(r"[-_\s]", "", name.casefold()))


def label_of(name: str, own: Sequence[str] = ()) -> str | None:
    """The class that a name means: an expression in any spelling, or an own class.

    Args:
        own: names that are own classes though they resemble an expression.

    Returns:
        None where it looks like a misspelt expression, or is no plain word.
    """
    plain = re.sub(r"[-\s]+", "_", name.strip().casefold())
    if plain in own:
        return plain
    if (label := canonical(name)) is not None:
        return label
    near = get_close_matches(plain, CLASSES, n=1, cutoff=TYPO)
    return plain if _OWN.fullmatch(plain) and not near else None


def why_no_label(name: str) -> str:
    """The hint for a name that `label_of` refuses."""
    return f"{nearest(name)} (a class of your own is named by -p folder.classes=NAME,NAME)"


def near_name(name: str, known: Iterable[str]) -> str:
    """The hint for an unknown spectrum, illumination or split: the closest known name, or all."""
    near = get_close_matches(name.casefold(), list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


LOOKED_AT = 200
"""Images of one spectrum whose colour is looked at, evenly spread."""
COLOUR = 6.0
"""Mean difference of two channels, of 255, from which an image counts as coloured."""


def measure(found: Rows) -> None:
    """Count the frames of every row, and find a video's sound in itself.

    One whose header cannot be read has one frame. Clips without audio are noted.
    """
    facts = probe_videos([row.path for row in found.rows if row.video], found)
    for number, row in enumerate(found.rows):
        if (own := facts.get(row.path)) is None:
            found.rows[number] = replace(row, frames=max(1, len(row.files)))
        else:
            sound = row.audio or (row.path if own.audio else "")
            found.rows[number] = replace(row, frames=own.frames, audio=sound)
    clips = [row for row in found.rows if row.clip]
    lacking = sum(not row.audio for row in clips)
    if lacking:
        action = f"{lacking} of {len(clips)} clips have no audio: methods of audio get silence"
        found.note("no_sound", ".", action)


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
