"""Layout of DFEW on disk: six folders of frames, and audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from irfer_datasets.clip_files import VIDEOS, VideoTree, files_by_number
from irfer_datasets.dfew.lists import find_lists
from irfer_datasets.problems import Notes
from irfer_datasets.tree import find_bases, list_folder, obstacles, subfolders

SOUNDS = frozenset({".wav", ".m4a", ".mp3", ".flac"})
SOURCES = ("clip_224x224", "clip_224x224_16f", "clip_224x224_avi", "jpg_256", "original", "data")
"""In the order of preference; `original` is also called `raw`."""
_ALIASES: Mapping[str, tuple[str, ...]] = {"original": ("original", "raw")}
SPLITS = ("EmoLabel_DataSplit", "label")
SIDES = ("train(single-labeled)", "test(single-labeled)")
NAMES = ("Clip", *SPLITS, *SIDES, *SOURCES, "raw", "raw_wav", "Annotation")


@dataclass(frozen=True)
class Tree(VideoTree):
    """One unpacked copy; `holders` are Clip and Annotation, if there.

    Args:
        audio: folders with one audio file per clip. sheet: annotation.xlsx, if there.
    """

    audio: tuple[Path, ...]
    sheet: Path | None
    video_sources: ClassVar[frozenset[str]] = frozenset({"clip_224x224_avi", "original"})


def find_trees(root: Path) -> list[Tree]:
    """Every folder at most four levels down that holds Clip, EmoLabel_DataSplit or label."""
    return [look(base) for base in find_bases(root, _holds)]


def look(base: Path) -> Tree:
    """The official folders of DFEW, names in any case."""
    here = {path.name.casefold(): path for path in subfolders(base)}
    clip = subfolders(here["clip"]) if "clip" in here else []
    inner = {path.name.casefold(): path for path in clip}
    sources = {
        source: place
        for source in SOURCES
        for place in (_first(_ALIASES.get(source, (source,)), inner, here),)
        if place is not None
    }
    audio = [sources.get("original"), _first(("raw_wav",), inner, here)]
    lists = [here[name.casefold()] for name in SPLITS if name.casefold() in here]
    sheets = list_folder(here["annotation"], base).files if "annotation" in here else []
    return Tree(
        base,
        tuple(here[name] for name in ("clip", "annotation") if name in here),
        sources,
        tuple(lists),
        tuple(place for place in audio if place is not None),
        next((path for path in sheets if path.suffix.lower() == ".xlsx"), None),
    )


def audio_of(tree: Tree, seen: Notes) -> dict[str, str]:
    """The file that may hold the audio of each clip; no file is opened."""
    found: dict[str, str] = {}
    for folder in tree.audio:
        for clip, name in files_by_number(folder, VIDEOS | SOUNDS, seen).items():
            found.setdefault(clip, name)
    return found


def stray(root: Path) -> list[str]:
    """Hints why a folder is not this dataset."""
    hints = []
    names = {path.name.casefold() for path in subfolders(root)}
    if names & {*SOURCES} - {"data", "original"}:
        hints.append("it holds the clips alone: give the folder above it")
    if find_lists([root], root):
        hints.append("it holds the fold lists alone: give the folder above it")
    return [*hints, *obstacles(root)]


def _holds(folders: Sequence[Path]) -> bool:
    names = {path.name.casefold(): path for path in folders}
    if "emolabel_datasplit" in names:
        return True
    if "clip" in names:
        return any(path.name.casefold() in SOURCES for path in subfolders(names["clip"]))
    return "label" in names and "release" in find_lists([names["label"]], names["label"])


def _first(names: Sequence[str], *places: Mapping[str, Path]) -> Path | None:
    return next((place[name] for place in places for name in names if name in place), None)
