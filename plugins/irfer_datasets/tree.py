"""Listing folders that others made: natural order, junk left out, links that leave refused."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.api import Problem

JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_DIGITS = re.compile(r"([0-9]+)")


@dataclass
class Listing:
    """What one folder holds, in natural order, and what was left out and why."""

    folders: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """A sort key under which `2.jpg` comes before `16.jpg`; the name itself breaks ties."""
    parts = _DIGITS.split(name.casefold())
    return tuple(int(p) if i % 2 else p for i, p in enumerate(parts)), name


def list_folder(folder: Path, root: Path) -> Listing:
    """One folder's content; hidden and system files are left out without a word.

    Problems: `unreadable` (no permission), `outside_root` (a link that leaves the root, or a linked
    folder), `bad_name` (control characters, undecodable bytes or `;` in a name).
    """
    listing = Listing()
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: natural(entry.name))
    except OSError as error:
        action = f"not read ({error.strerror}); correct its permissions"
        listing.problems.append(Problem("unreadable", relative(folder, root), action))
        return listing
    for entry in entries:
        if entry.name.startswith(".") or entry.name.casefold() in JUNK:
            continue
        path = Path(entry.path)
        if not entry.name.isprintable() or ";" in entry.name:
            listing.problems.append(
                Problem(
                    "bad_name",
                    relative(path, root),
                    "not read; rename it to plain characters",
                )
            )
        elif entry.is_symlink() and (entry.is_dir() or not inside(path, root)):
            action = "links are not followed; copy what it points to"
            listing.problems.append(Problem("outside_root", relative(path, root), action))
        elif entry.is_dir():
            listing.folders.append(path)
        else:
            listing.files.append(path)
    return listing


def inside(path: Path, root: Path) -> bool:
    """Whether a file really lies under the root, links followed."""
    return path.resolve().is_relative_to(root.resolve())


def relative(path: Path, root: Path) -> str:
    """A path below the root with forward slashes; undecodable bytes are shown escaped."""
    text = path.relative_to(root).as_posix()
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
