"""Layout of CK+ on disk: four trees of the same form, `S005/001/`.

`cohn-kanade-images/S005/001/S005_001_00000011.png`, `Emotion/…/S005_001_00000011_emotion.txt`
holding `   3.0000000e+00`, `Landmarks/…/S005_001_00000011_landmarks.txt`, `FACS/…` (not read). The
trees circulate nested (`Emotion_labels/Emotion`), renamed and merged into one, so a tree is
recognised by its files, not by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from irfer_datasets.stills import Survey
from irfer_datasets.tree import find_bases, list_folder, obstacles, relative, subfolders

LABELS: Mapping[int, str] = {
    0: "neutral",
    1: "anger",
    2: "contempt",
    3: "disgust",
    4: "fear",
    5: "happiness",
    6: "sadness",
    7: "surprise",
}
"""The official codes; 0 is given to first frames and is in no file."""
Role = Literal["frames", "emotion", "landmarks"]
SessionKey = tuple[str, str]
"""Subject and session, `S005` and `001`."""
_SUBJECT = re.compile(r"S\d{3}", re.I)
_SESSION = re.compile(r"\d{3}")
_STEM = r"(?P<subject>S\d{3})_(?P<session>\d{3})_(?P<number>\d{8})"
_FILES: Mapping[Role, re.Pattern[str]] = {
    "frames": re.compile(_STEM + r"\.(?:png|jpe?g|tiff?|bmp)", re.I),
    "emotion": re.compile(_STEM + r"_emotion\.txt", re.I),
    "landmarks": re.compile(_STEM + r"_landmarks\.txt", re.I),
}
_FACS = re.compile(_STEM + r"_facs\.txt", re.I)


@dataclass
class Tree:
    """One folder of subjects: files of every session by role and frame number."""

    base: Path
    files: dict[Role, dict[SessionKey, dict[int, Path]]] = field(default_factory=dict)
    sessions: set[SessionKey] = field(default_factory=set)


def find_trees(root: Path) -> list[Path]:
    """Folders at most four levels below a root that hold `S005/001`."""
    return find_bases(root, _holds)


def read_tree(base: Path, seen: Survey) -> Tree:
    """Every file of a tree by session and frame number; other files are noted."""
    tree = Tree(base)
    for subject in _level(base, _SUBJECT, "S005 to S999", seen):
        for session in _level(subject, _SESSION, "001 to 999", seen):
            key = (subject.name.upper(), session.name)
            tree.sessions.add(key)
            _read_session(session, key, tree, seen)
    return tree


def _read_session(folder: Path, key: SessionKey, tree: Tree, seen: Survey) -> None:
    listing = seen.look(folder)
    for path in listing.files:
        role, match = _role(path.name)
        if role is None or match is None:
            if not _FACS.fullmatch(path.name):
                action = "not read; names are such as S005_001_00000011.png"
                seen.note("unexpected_file", path, action)
            continue
        if (match["subject"].upper(), match["session"]) != key:
            kind = "bad_row" if role == "emotion" else "misplaced_file"
            action = f"not read; its name is of another session than {'/'.join(key)}"
            seen.note(kind, path, action)
            continue
        frames = tree.files.setdefault(role, {}).setdefault(key, {})
        number = int(match["number"])
        if number in frames:
            action = f"not read; {frames[number].name} is; remove one"
            seen.note("duplicate_frame", path, action)
        else:
            frames[number] = path


def _role(name: str) -> tuple[Role | None, re.Match[str] | None]:
    for role, pattern in _FILES.items():
        match = pattern.fullmatch(name)
        if match is not None:
            return role, match
    return None, None


def _level(folder: Path, names: re.Pattern[str], known: str, seen: Survey) -> Iterator[Path]:
    listing = seen.look(folder)
    taken: dict[str, Path] = {}
    for path in listing.folders:
        if not names.fullmatch(path.name):
            seen.note("misnamed_folder", path, f"not read; known: {known}")
        elif path.name.upper() in taken:
            other = taken[path.name.upper()].name
            seen.note("misnamed_folder", path, f"not read; {other} is there too")
        else:
            taken[path.name.upper()] = path
            if path.name != path.name.upper():
                seen.note("mis_cased", path, f"read as {path.name.upper()}; rename it")
            yield path


def choose(trees: Sequence[Tree], role: Role, seen: Survey) -> Tree | None:
    """The first tree that has such files; others that have them are noted."""
    having = [tree for tree in trees if role in tree.files]
    for other in having[1:]:
        action = f"its {role} are not read, {relative(having[0].base, seen.root)} is; remove one"
        seen.note("second_tree", other.base, action)
    return having[0] if having else None


def stray(root: Path) -> Iterator[str]:
    """Hints why a folder is not this dataset."""
    listing = list_folder(root, root)
    if _SUBJECT.fullmatch(root.resolve().name) and any(
        _SESSION.fullmatch(path.name) for path in listing.folders
    ):
        yield "it is one subject's: give the folder two above it"
    if any(_is_sorted_copy(path) for path in (root, *listing.folders)):
        yield (
            "it is a copy sorted into folders of expressions (CK+48 or like it), which lacks the "
            "sequences and their first frames: give the official release, or use dataset folder"
        )
    yield from obstacles(root)


def _is_sorted_copy(folder: Path) -> bool:
    inner = next((p for p in subfolders(folder) if p.name.casefold() == "contempt"), None)
    if inner is None:
        return False
    return any(_FILES["frames"].fullmatch(path.name) for path in list_folder(inner, inner).files)


def _holds(below: Sequence[Path]) -> bool:
    subjects = [path for path in below if _SUBJECT.fullmatch(path.name)]
    return any(_SESSION.fullmatch(inner.name) for path in subjects for inner in subfolders(path))
