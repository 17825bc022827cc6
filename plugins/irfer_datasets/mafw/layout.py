"""How MAFW lies on disk (datasets.md §7): films, frames and the folders of its lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from irfer_datasets.clip_files import VIDEOS, FilmTree, files_by_number
from irfer_datasets.fold_lists import FOLDS
from irfer_datasets.problems import Notes
from irfer_datasets.tree import find_bases, obstacles, subfolders

SOURCES = ("clips", "frames", "faces")
SPLITS = ("Train & Test Set", "split", "anno", "annotation")
"""What the folder of the lists is called: by the owner, and in public loaders."""
SETS = ("single", "compound")
LISTS = ("no_caption", "with_caption")
NAMES = ("data", *SOURCES, *SPLITS, *SETS, *LISTS, *(f"set_{fold}" for fold in FOLDS))


class Tree(FilmTree):
    """One unpacked copy; `holders` is `data`, if there."""

    filmed: ClassVar[frozenset[str]] = frozenset({"clips"})


def find_trees(root: Path) -> list[Tree]:
    """Every folder at most four levels down that holds MAFW's data or lists."""
    return [_look(base) for base in find_bases(root, _holds)]


def sounds_of(tree: Tree, root: Path) -> dict[str, str]:
    """The film of each clip; none is opened, so some have no sound."""
    if "clips" not in tree.sources:
        return {}
    return files_by_number(tree.sources["clips"], VIDEOS, Notes(root))


def stray(root: Path) -> list[str]:
    """Hints on why a folder is not the dataset although it has to do with it."""
    hints = []
    names = {path.name.casefold() for path in subfolders(root)}
    if _is_data(root):
        hints.append("it holds the clips alone: give the folder above it")
    elif names & set(SETS) and _is_lists(root):
        hints.append("it holds the fold lists alone: give the folder above it")
    return [*hints, *obstacles(root)]


def _look(base: Path) -> Tree:
    here = {path.name.casefold(): path for path in subfolders(base)}
    data = (
        {path.name.casefold(): path for path in subfolders(here["data"])} if "data" in here else {}
    )
    return Tree(
        base,
        tuple(path for name, path in here.items() if name == "data"),
        {source: data[source] for source in SOURCES if source in data},
        tuple(here[name.casefold()] for name in SPLITS if name.casefold() in here),
    )


def _holds(folders: Sequence[Path]) -> bool:
    names = {path.name.casefold(): path for path in folders}
    if "data" in names and _is_data(names["data"]):
        return True
    return any(_is_lists(names[name.casefold()]) for name in SPLITS if name.casefold() in names)


def _is_data(folder: Path) -> bool:
    """Whether a folder holds films called by numbers, or folders so called, in its place."""
    for path in subfolders(folder):
        name = path.name.casefold()
        if name == "clips" and files_by_number(path, VIDEOS, Notes(folder)):
            return True
        if name in ("frames", "faces") and any(map(_is_clip, subfolders(path))):
            return True
    return False


def _is_clip(folder: Path) -> bool:
    return folder.name.isdecimal() and len(folder.name) == 5


def _is_lists(folder: Path) -> bool:
    return any(
        below.name.casefold() in LISTS
        for path in subfolders(folder)
        if path.name.casefold() in SETS
        for below in subfolders(path)
    )
