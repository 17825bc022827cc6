"""Rules that select frames of an item: `all`, `last(k)`, `first(k)` or `uniform(k)`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from irfer_bench.errors import UsageError

_FRAMES = re.compile(r"all|(?:last|first|uniform)\(([1-9]\d*)\)")


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


def choose_scored(frames: str, positions: Sequence[int], length: int) -> tuple[int, ...]:
    """Which of the stored frames a rule scores, by their place among the stored ones.

    A frame that was not stored, because the stored ones are capped or no face was in it, is
    replaced by the nearest stored one, the earlier of two.

    Args:
        positions: place inside the item of each stored frame, ascending.
        length: frames of the item.
    """
    return tuple(
        min(range(len(positions)), key=lambda k: abs(positions[k] - position))
        for position, _ in pick(frames, length)
    )
