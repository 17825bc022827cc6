"""Surveys of folders with a hundred thousand files: few listed problems."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from irfer_bench.api import Survey

LISTED = 500
"""Problems of one kind that are listed one by one; the rest are one line with their number."""


@dataclass
class LargeSurvey(Survey):
    """A survey that lists at most `LISTED` problems of a kind and counts the rest."""

    limit: ClassVar[int] = LISTED
    more: ClassVar[str] = "and {:,} more of this kind"

    def note(self, kind: str, place: Path | str, action: str, *, group: str = ".") -> None:
        """Record a problem; beyond `limit` of its kind it is only counted."""
        super().note(kind, place, action, group=group)
