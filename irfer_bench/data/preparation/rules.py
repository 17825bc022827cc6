"""What is done to every item before a method sees it, and which frames are taken."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from irfer_bench.errors import UsageError
from irfer_bench.settings.setting import Setting

_FRAMES = re.compile(r"all|(?:last|first|uniform)\(([1-9]\d*)\)")


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How items become clips; everything here enters the prepared clips' key.

    Args:
        frames: `all`, `last(k)`, `first(k)` or `uniform(k)`.
        unit: `frame` makes one clip per frame, `item` one clip per item.
        size: side of the stored square, pixels.
        detector: who finds the face; `none` is the centre square.
        crop: side of the box as a factor on the larger side of what was found.
        no_face: where no face is found, `fail`, take the `whole` centre square, or `drop` it.
        range_16bit: (low, high) mapped to (0, 255); None takes the sequence's 1 to 99 percentile.
    """

    frames: str = "all"
    unit: Literal["frame", "item"] = "frame"
    size: int = 256
    detector: str = "none"
    crop: float = 1.3
    no_face: Literal["fail", "whole", "drop"] = "whole"
    range_16bit: tuple[int, int] | None = None


def rules_of(setting: Setting) -> Rules:
    """The part of a setting that decides what the images look like."""
    return Rules(
        frames=setting.frames,
        unit=setting.unit,
        size=setting.size,
        detector=setting.detector,
        crop=setting.crop,
        no_face=setting.no_face,
        range_16bit=setting.range_16bit,
    )


def pick(frames: str, count: int) -> list[tuple[int, int]]:
    """Which of `count` frames are taken: (position, number), positions ascending.

    The number names the frame inside the item. `all` and `last` count it from the end (0 is the
    last frame) and `uniform` by phase, so that partners of unequal length meet where they belong;
    `first` counts from the start. `uniform(k)` takes positions round(p (n-1)), p = i/(k-1), and
    repeats frames when there are fewer than k.

    Raises:
        UsageError: `frames` is none of the four forms.
    """
    match = _FRAMES.fullmatch(frames)
    if match is None:
        raise UsageError(
            f"frames = {frames!r} is not a rule",
            "use all, last(k), first(k) or uniform(k)",
        )
    if count == 0:
        return []
    k = int(match[1] or count)
    if frames.startswith("uniform"):
        phases = [i / (k - 1) for i in range(k)] if k > 1 else [0.5]
        return [(int(p * (count - 1) + 0.5), i) for i, p in enumerate(phases)]
    if frames.startswith("first"):
        return [(position, position) for position in range(min(k, count))]
    return [(position, count - 1 - position) for position in range(max(0, count - k), count)]


def distinct(picked: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The picked frames without repeated positions; the first number of a position stays."""
    first: dict[int, int] = {}
    for position, number in picked:
        first.setdefault(position, number)
    return list(first.items())
