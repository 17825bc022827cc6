"""Footnotes of a table on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from irfer_bench.render.layout import wrapped


class Footnotes:
    """Texts by their marks a, b, c; equal texts share a mark."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def mark(self, text: str) -> str:
        """The mark of a text."""
        if text not in self._texts:
            self._texts.append(text)
        return next(islice(_marks(), self._texts.index(text), None))

    def dash(self, reason: str) -> str:
        """What stands where a value is missing."""
        return f"– {self.mark(reason or 'no value')}"

    def lines(self, width: int) -> list[str]:
        """The notes in order, wrapped."""
        made: list[str] = []
        for mark, text in zip(_marks(), self._texts, strict=False):
            made += wrapped(text, width, f"{mark}  ")
        return made


def _marks() -> Iterator[str]:
    """a to z, then a1, b1 and so on."""
    number = 0
    while True:
        for letter in "abcdefghijklmnopqrstuvwxyz":
            yield f"{letter}{number or ''}"
        number += 1
