"""A module that the mutation run is tried on."""

from __future__ import annotations

END = 0


def larger(a: int, b: int) -> int:
    """The larger of two."""
    return a if a > b else b


def waits(number: int) -> int:
    """Counts down; a fault makes it endless."""
    while number > END:
        number -= 1
    return number
