"""Deletion of artefacts: unused ones (`gc`), or all that were made from a dataset (`purge`).

Symbolic links are neither followed nor deleted: their targets are outside the store.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError, RefusedError
from irfer_bench.store.artefacts import MANIFEST, SESSION
from irfer_bench.store.files import clear_write_errors, read_json
from irfer_bench.store.locks import try_lock

SCRATCH = ("building", "damaged")
CHECKPOINTS = "unfinished"


def sweep(root: Path, keep: Iterable[str], *, really: bool = True) -> tuple[int, int]:
    """Delete every artefact but those in `keep` and their parts.

    Checkpoints of interrupted fits stay, unless nothing is to be kept.

    Args:
        root: the store's folder.
        keep: keys.
        really: without it nothing is deleted, only counted.

    Returns:
        How many artefacts, and their bytes.

    Raises:
        RefusedError: a run or another cleanup uses the store. DamagedError: no access.
    """
    with _alone(root, really):
        known = _artefacts(root)
        kept = _reached(keep, {key: _sources(folder)[1] for key, folder in known.items()})
        doomed = [folder for key, folder in known.items() if key not in kept]
        size = _size(doomed)
        if really:
            names = (*SCRATCH, *(() if kept else (CHECKPOINTS,)))
            _delete([*doomed, *_leftovers(root, *names)])
    return len(doomed), size


def purge(
    root: Path, chosen: Callable[[dict[str, Any]], bool], *, really: bool
) -> tuple[int, int]:
    """Delete the artefacts that `chosen` selects and all artefacts made from them.

    All unfinished work is deleted too, since it may hold frames, and so are artefacts without a
    readable description. Without `really` they are only counted.

    Args:
        root: the store's folder.
        chosen: decides by an artefact's description.

    Returns:
        How many artefacts, and their bytes.

    Raises:
        RefusedError: a run or another cleanup uses the store. DamagedError: no access.
    """
    with _alone(root, really):
        known = _artefacts(root)
        made: dict[str, list[str]] = {}
        named: set[str] = set()
        for key, folder in known.items():
            describe, parts = _sources(folder)
            if describe is None or chosen(describe):
                named.add(key)
            for source in _texts(describe or {}, "from"):
                made.setdefault(source, []).append(key)
            made.setdefault(key, []).extend(parts)
        doomed = [known[key] for key in _reached(named, made) & known.keys()]
        size = _size(doomed)
        if really:
            _delete([*doomed, *_leftovers(root, *SCRATCH, CHECKPOINTS)])
    return len(doomed), size


@contextmanager
def _alone(root: Path, really: bool) -> Iterator[None]:
    """Hold the store's exclusive lock during deletion; counting needs no lock."""
    with clear_write_errors(root):
        if not root.exists():
            yield
            return
        os.scandir(root).close()  # Fails here where permission is missing.
        if not really:
            yield
            return
        with try_lock(root / "locks", SESSION) as alone:
            if not alone:
                raise RefusedError(f"another run is at work in {root}", "wait until it has ended")
            yield


def _artefacts(root: Path) -> dict[str, Path]:
    return {
        found.name: found
        for place in _folders(root / "artefacts")
        for found in _folders(place)
    }


def _folders(place: Path) -> list[Path]:
    """The real folders in a real folder: no links, and no `.DS_Store`."""
    if place.is_symlink():
        return []
    try:
        with os.scandir(place) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _sources(folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """An artefact's description (None where unreadable) and the keys of its parts."""
    try:
        manifest = read_json(folder / MANIFEST)
    except DamagedError:
        return None, []
    if not isinstance(manifest, dict):
        return None, []
    describe = manifest.get("describe")
    return describe if isinstance(describe, dict) else None, _texts(manifest, "parts")


def _texts(facts: Mapping[str, Any], name: str) -> list[str]:
    """The keys in a list or table; other values are ignored."""
    found = facts.get(name)
    if isinstance(found, dict):
        found = list(found.values())
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []


def _reached(start: Iterable[str], leads: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    queue = list(start)
    while queue:
        key = queue.pop()
        if key not in found:
            found.add(key)
            queue += leads.get(key, ())
    return found


def _leftovers(root: Path, *names: str) -> list[Path]:
    places = [root / name for name in names]
    return [place for place in places if place.is_dir() and not place.is_symlink()]


def _size(folders: Iterable[Path]) -> int:
    total = 0
    for folder in folders:
        for path in folder.rglob("*"):
            with suppress(FileNotFoundError):  # counting holds no lock
                total += path.lstat().st_size
    return total


def _delete(folders: Iterable[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder)
