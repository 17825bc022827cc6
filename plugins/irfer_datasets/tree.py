"""Listing folders that others made: natural order, junk left out, links that leave refused."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.api import Problem

JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
DEPTH, BUDGET = 4, 5000
"""Levels searched below a root, and folders looked into before giving up."""
_DIGITS = re.compile(r"([0-9]+)")
_ARCHIVE = re.compile(r".+\.(?:zip|rar|7z|tar|tgz|tar\.(?:gz|bz2|xz)|[zr]\d\d|\d{3})", re.I)


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


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in natural order and without its files, links or odd names.

    Cheap where `list_folder` is not: a folder of 100,000 pictures makes no list of them.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _is_plain_folder(entry)]
    except OSError:
        return []
    return [folder / name for name in sorted(names, key=natural)]


def find_bases(root: Path, holds: Callable[[Sequence[Path]], bool]) -> list[Path]:
    """Folders at most four levels below the root, it included, whose sub-folders are the wanted.

    Args:
        holds: told a folder's sub-folders, says whether it is one; none is looked for below one.
    """
    found: list[Path] = []
    queue = deque([(root, 0)])
    for _ in range(BUDGET):
        if not queue:
            break
        folder, depth = queue.popleft()
        below = subfolders(folder)
        if holds(below):
            found.append(folder)
        elif depth < DEPTH:
            queue.extend((child, depth + 1) for child in below)
    return found


def archives(files: Iterable[Path]) -> list[Path]:
    """Those that are archives, or parts of one, still to be unpacked."""
    return [path for path in files if _ARCHIVE.fullmatch(path.name)]


def packed(folders: Iterable[Path], root: Path) -> list[Problem]:
    """A note on every archive that lies in some folders: what is missing may be in it."""
    return [
        Problem("packed", relative(path, root), "not read; if it holds what is missing, unpack it")
        for folder in dict.fromkeys(folders)
        for path in archives(list_folder(folder, root).files)
    ]


def obstacles(root: Path) -> Iterator[str]:
    """Why a folder may not be the dataset that somebody took it for: still packed, linked, closed.

    For the reason of a refusal; the first of each kind, nothing where nothing is odd.
    """
    told: set[str] = set()
    for folder in _levels(root):
        listing = list_folder(folder, root)
        found: dict[str, str] = {}
        for path in archives(listing.files)[:1]:
            found["packed"] = f"it holds {relative(path, root)}: unpack it first"
        for problem in reversed(listing.problems):
            name = "the folder" if problem.path == "." else problem.path
            found[problem.kind] = f"{name}: {problem.action}"
        for kind, text in found.items():
            if kind not in told:
                told.add(kind)
                yield text


def _levels(root: Path) -> Iterator[Path]:
    """The root and the folders below it, the upper ones first, as far as a search looks."""
    queue = deque([(root, 0)])
    for _ in range(BUDGET // 10):
        if not queue:
            return
        folder, depth = queue.popleft()
        yield folder
        if depth < DEPTH:
            queue.extend((child, depth + 1) for child in subfolders(folder))


def inside(path: Path, root: Path) -> bool:
    """Whether a file really lies under the root, links followed."""
    return path.resolve().is_relative_to(root.resolve())


def relative(path: Path, root: Path) -> str:
    """A path below the root with forward slashes; undecodable bytes are shown escaped."""
    text = path.relative_to(root).as_posix()
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_plain_folder(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    hidden = name.startswith(".") or name.casefold() in JUNK
    return (
        not hidden
        and name.isprintable()
        and ";" not in name
        and entry.is_dir(follow_symlinks=False)
    )
