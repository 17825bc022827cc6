"""Layout of MAFW on disk: videos, frames and lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from irfer_datasets.clip_files import VIDEOS, VideoTree, files_by_number
from irfer_datasets.fold_lists import FOLDS
from irfer_datasets.problems import Notes
from irfer_datasets.tree import find_bases, obstacles, subfolders

SOURCES = ("clips", "frames", "faces")
SPLITS = ("Train & Test Set", "split", "anno", "annotation")
"""Names of the folder of the lists: official, and in public loaders."""
SETS = ("single", "compound")
LISTS = ("no_caption", "with_caption")
NAMES = ("data", *SOURCES, *SPLITS, *SETS, *LISTS, *(f"set_{fold}" for fold in FOLDS))


class Tree(VideoTree):
    """One unpacked copy; `holders` is `data`, if there."""

    video_sources: ClassVar[frozenset[str]] = frozenset({"clips"})


def find_trees(root: Path) -> list[Tree]:
    """Every folder at most four levels down that holds MAFW's data or lists."""
    return [_look(base) for base in find_bases(root, _holds)]


def audio_of(tree: Tree, root: Path) -> dict[str, str]:
    """The video of each clip, which may hold audio; no file is opened."""
    if "clips" not in tree.sources:
        return {}
    return files_by_number(tree.sources["clips"], VIDEOS, Notes(root))


def stray(root: Path) -> list[str]:
    """Hints why a folder is not this dataset."""
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
    """Whether a folder holds numbered videos or numbered folders of frames."""
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
