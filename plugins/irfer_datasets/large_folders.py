"""Surveys of folders with a hundred thousand files: few objects, few listed problems."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from irfer_datasets.stills import Survey
from irfer_datasets.tree import closed, flaw, is_junk, relative, subfolders

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

    def absent(self, place: Path, action: str) -> None:
        """Note a list or folder that is not there (`missing_list`), or is there as a link."""
        if place.is_symlink():
            self.note("outside_root", place, "links are not followed; copy what it points to")
        else:
            self.note("missing_list", place, action)

    def names(self, folder: Path) -> list[str]:
        """Names of a folder's files, in no order, without system files.

        Notes `unreadable`, `outside_root` and `bad_name`, as `tree.list_folder` does.
        """
        found: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._is_usable(entry):
                        found.append(entry.name)
        except OSError as error:
            self.note("unreadable", folder, closed(error))
        return found

    def _is_usable(self, entry: os.DirEntry[str]) -> bool:
        if is_junk(entry.name):
            return False
        if wrong := flaw(entry, self.root):
            kind, action = wrong
            self.note(kind, Path(entry.path), action)
            return False
        return not entry.is_dir()

    def place(self, path: Path) -> str:
        """A path below the root with forward slashes."""
        return relative(path, self.root)


def child(folder: Path, name: str) -> Path | None:
    """The sub-folder of that name in any case, its own spelling first."""
    below = {path.name: path for path in subfolders(folder)}
    if name in below:
        return below[name]
    return next((p for own, p in below.items() if own.casefold() == name.casefold()), None)
