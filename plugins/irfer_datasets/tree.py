"""Listing of folders one by one, for the datasets that are not read as one tree."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from irfer_bench.api import Problem, is_archive, list_folder, natural, relative

DEPTH, BUDGET = 4, 5000
"""Levels searched below a root, and folders looked into before giving up."""
LOOKED_AT = 500
"""Folders, and entries of each, in which a refusal looks for its reason."""
JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})

__all__ = ["list_folder", "natural", "relative"]


def is_junk(name: str) -> bool:
    """Whether an entry is hidden or a system's own: left out silently."""
    return name.startswith(".") or name.casefold() in JUNK


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in natural order and without its files, links or odd names.

    Cheap where `list_folder` is not: a folder of 100,000 images makes no list of them.
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
        holds: decides from a folder's sub-folders whether it is one; none is searched below one.
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
    return [path for path in files if is_archive(path.name)]


def odd_folders(folders: Iterable[Path], root: Path, names: Iterable[str] = ()) -> list[Problem]:
    """Links, unreadable folders, archives and names in another letter case, in some folders.

    Args:
        folders: those above the images, which have few entries. names: proper names of folders.
    """
    proper = {name.casefold(): name for name in names}
    problems = []
    for folder in dict.fromkeys(folders):
        listing = list_folder(folder, root)
        problems += listing.problems
        for path in archives(listing.files):
            action = "not read; if it holds what is missing, unpack it"
            problems.append(Problem("packed", relative(path, root), action))
        for path in listing.folders:
            name = proper.get(path.name.casefold(), path.name)
            if path.name != name:
                action = f"read as {name}; rename it"
                problems.append(Problem("mis_cased", relative(path, root), action))
    return problems


def obstacles(root: Path) -> Iterator[str]:
    """Why a folder may not be the wanted dataset: still packed, linked or unreadable.

    Gives the first reason of each kind. Only part of a folder with thousands of files is searched.
    """
    given: set[str] = set()
    for folder in _levels(root):
        for kind, text in _obstacles_in(folder, root):
            if kind not in given:
                given.add(kind)
                yield text


def _obstacles_in(folder: Path, root: Path) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(folder) as entries:
            seen = sorted(islice(entries, LOOKED_AT), key=lambda entry: entry.name)
    except OSError as error:
        name = "the folder" if folder == root else relative(folder, root)
        yield "unreadable", f"{name}: not read ({error.strerror}); correct its permissions"
        return
    for entry in seen:
        if is_junk(entry.name):
            continue
        if is_archive(entry.name) and entry.is_file():
            yield "packed", f"it holds {relative(Path(entry.path), root)}: unpack it first"


def _levels(root: Path) -> Iterator[Path]:
    """The root and the folders below it, the upper ones first, as far as a search looks."""
    queue = deque([(root, 0)])
    for _ in range(LOOKED_AT):
        if not queue:
            return
        folder, depth = queue.popleft()
        yield folder
        if depth < DEPTH:
            queue.extend((child, depth + 1) for child in subfolders(folder))


def inside(path: Path, root: Path) -> bool:
    """Whether a path leads from the root downwards; links are followed wherever they point."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(root))


def _is_plain_folder(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return not is_junk(name) and name.isprintable() and ";" not in name and entry.is_dir()
