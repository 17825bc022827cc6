"""One walk of a folder: every file by its folder, links followed, loops ended."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from irfer_bench.contracts.values import Problem

JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
MAX_LINKS = 16
"""Linked folders inside linked folders before a chain of links counts as a loop."""
_DIGITS = re.compile(r"([0-9]+)")
_ARCHIVE = re.compile(r".+\.(?:zip|rar|7z|tar|tgz|tar\.(?:gz|bz2|xz)|[zr]\d\d|\d{3})", re.I)


@dataclass
class Tree:
    """What lies under a root, hidden and system files left out.

    Args:
        files: sorted names of files by folder; a folder is named by its path below the root with
            forward slashes, the root by an empty string. Folders come in natural order, each
            before those below it.
        problems: `unreadable` (closed folders, links to nothing), `link_loop`, `bad_name`.
    """

    root: Path
    files: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def paths(self) -> Iterator[str]:
        """Every file's path below the root."""
        for folder, names in self.files.items():
            yield from (join(folder, name) for name in names)


_SHARED: ContextVar[dict[Path, Tree] | None] = ContextVar("shared walks", default=None)


@dataclass
class Listing:
    """What one folder holds, in natural order, and what was left out and why."""

    folders: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder to be listed; `origins` are the real folders from which links led here."""

    name: str
    real: str
    origins: tuple[str, ...] = ()


def walk(root: Path) -> Tree:
    """List everything under a root once. Links are followed wherever they point.

    A link that leads back into a folder above it is not followed (`link_loop`).
    """
    known = _SHARED.get()
    if known is None:
        return _walk(root)
    if root not in known:
        known[root] = _walk(root)
    return known[root]


@contextmanager
def shared_walks() -> Iterator[None]:
    """Inside, each root is walked once, whatever asks: for datasets that are compared."""
    token = _SHARED.set({})
    try:
        yield
    finally:
        _SHARED.reset(token)


def _walk(root: Path) -> Tree:
    tree = Tree(root)
    stack = [_Place("", os.path.realpath(root))]
    while stack:
        place = stack.pop()
        stack.extend(reversed(_list(place, tree)))
    return tree


def list_folder(folder: Path, root: Path) -> Listing:
    """One folder of a tree that is not walked as a whole, by the same rules."""
    name = folder.relative_to(root).as_posix().removeprefix(".")
    above = [root.joinpath(*name.split("/")[:k]) for k in range(name.count("/") + 1 if name else 0)]
    origins = tuple(os.path.realpath(path) for path in above)
    tree = Tree(root)
    below = _list(_Place(name, os.path.realpath(folder), origins), tree)
    files = sorted(tree.files[name], key=natural)
    folders = [folder / place.name.rpartition("/")[2] for place in below]
    return Listing(folders, [folder / own for own in files], tree.problems)


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, in natural order and without files or odd names."""
    return list_folder(folder, folder).folders


def inside(path: Path, root: Path) -> bool:
    """Whether a path leads from the root downwards; links are followed wherever they point."""
    return Path(os.path.normpath(path)).is_relative_to(os.path.normpath(root))


def _list(place: _Place, tree: Tree) -> list[_Place]:
    names: list[str] = []
    folders: list[os.DirEntry[str]] = []
    tree.files[place.name] = names
    try:
        with os.scandir(os.path.join(tree.root, place.name)) as entries:  # noqa: PTH118  speed
            for entry in entries:
                name = entry.name
                if name[0] == "." or name.casefold() in JUNK:
                    continue
                if not name.isprintable() or ";" in name:
                    action = "not read; rename it to plain characters"
                    tree.problems.append(Problem("bad_name", shown(join(place.name, name)), action))
                elif entry.is_symlink() and (wrong := _fault(entry)):
                    kind, action = wrong
                    tree.problems.append(Problem(kind, join(place.name, name), action))
                elif entry.is_file():
                    names.append(name)
                elif entry.is_dir():
                    folders.append(entry)
    except OSError as error:
        tree.problems.append(Problem("unreadable", place.name or ".", closed(error)))
    names.sort()
    folders.sort(key=lambda entry: natural(entry.name))
    below = (_below(entry, place, tree) for entry in folders)
    return [folder for folder in below if folder is not None]


def _fault(link: os.DirEntry[str]) -> tuple[str, str] | None:
    """Why a link cannot be followed: kind and action of the problem, or None."""
    try:
        Path(link.path).stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "link_loop", "a link to itself; it is not followed"
        return "unreadable", "a link to nothing; restore what it points to, or remove it"
    return None


def _below(entry: os.DirEntry[str], place: _Place, tree: Tree) -> _Place | None:
    name = join(place.name, entry.name)
    if not entry.is_symlink():
        return _Place(name, join(place.real, entry.name), place.origins)
    real = os.path.realpath(entry.path)
    origins = (*place.origins, place.real)
    back = any(origin == real or origin.startswith(f"{real.rstrip('/')}/") for origin in origins)
    if back or len(origins) > MAX_LINKS:
        action = "a link back into a folder above it; it is not followed"
        tree.problems.append(Problem("link_loop", name, action))
        return None
    return _Place(name, real, origins)


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """A sort key under which `2.jpg` comes before `16.jpg`; the name itself breaks ties."""
    parts = _DIGITS.split(name.casefold())
    return tuple(int(p) if i % 2 else p for i, p in enumerate(parts)), name


def is_archive(name: str) -> bool:
    """Whether a file's name is that of an archive, or of a part of one."""
    return _ARCHIVE.fullmatch(name) is not None


def packed(places: Iterable[str]) -> str:
    """What to say of archives that were found instead of what they hold, or an empty string."""
    found = list(places)
    if len(found) == 1:
        return f"it holds {found[0]}: unpack it first"
    return f"{len(found)} archives are still packed: {few(found)}: unpack them" if found else ""


def closed(error: OSError) -> str:
    """What to do about a folder that cannot be listed."""
    return f"not read ({error.strerror}); correct its permissions"


def join(folder: str, name: str) -> str:
    """A path below the root; the root is an empty string."""
    return f"{folder}/{name}" if folder else name


def few(names: Iterable[str], count: int = 5) -> str:
    """The first of perhaps many names."""
    listed = list(names)
    return ", ".join(listed[:count]) + (" …" if len(listed) > count else "")


def shown(name: str) -> str:
    """A name whose undecodable bytes are escaped."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
