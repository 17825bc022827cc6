"""The layout of Large-HFE defined here as a table; the set is not public and has to be converted.

`Large-HFE/{VIS,NIR}/S001/Anger/000.jpg`: S001 to S360, six names, numbers from 000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from irfer_bench.api import (
    BASIC,
    Level,
    Matches,
    Patterns,
    Recorded,
    SequenceKey,
    Spectrum,
    Survey,
    canonical,
    nearest,
    note_absent_sequences,
    one_of,
    read_sequences,
)

CAMERAS: Mapping[str, Spectrum] = {"VIS": "vis", "NIR": "nir"}
SUBJECTS = tuple(f"S{number:03d}" for number in range(1, 361))
EXPRESSIONS = {label: label.capitalize() for label in BASIC}
TABLE = Patterns(
    {
        "frame": (
            r"(?P<camera>VIS|NIR)/(?P<subject>[^/]+)/(?P<label>[^/]+)/"
            r"(?P<frame>\d{1,6})\.(?:jpe?g|png|bmp|tiff?|webp)"
        ),
    }
)


def subject_of(text: str) -> str | None:
    """The canonical name S001 to S360 of a spelling, or None."""
    match = re.fullmatch(r"s?0*(\d{1,3})", text.strip(), re.IGNORECASE)
    number = int(match[1]) if match else 0
    return SUBJECTS[number - 1] if 1 <= number <= len(SUBJECTS) else None


def _expression(name: str) -> str | None:
    return EXPRESSIONS.get(canonical(name) or "")


LEVELS = (
    one_of("camera", tuple(CAMERAS)),
    Level("subject", subject_of, lambda _: "known: S001 to S360"),
    Level("label", _expression, lambda name: nearest(name, BASIC)),
)


def read(found: Matches, seen: Survey) -> dict[SequenceKey, Recorded]:
    """All sequences by camera, subject and expression; missing ones are noted."""
    hits = found.of("frame")
    sequences, base = read_sequences(hits, LEVELS, seen), hits[0].base
    for camera in CAMERAS:
        own = {key[1:] for key in sequences if key[0] == camera}
        place = f"{base}/{camera}" if base else camera
        if not own:
            seen.note("missing_domain", place, "settings that need this camera cannot run")
            continue
        note_absent_sequences(place, own, SUBJECTS, tuple(EXPRESSIONS.values()), seen)
        people = {subject for subject, _ in own}
        if len(people) != len(SUBJECTS):
            action = f"{len(people)} subjects, {len(SUBJECTS)} are published; all are used"
            seen.note("unexpected_count", place, action)
    return sequences
