"""Taking artefacts out of a store: those that nobody needs, or all that holds somebody's pixels."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from irfer_bench.errors import DamagedError, RefusedError
from irfer_bench.store.artefacts import MANIFEST
from irfer_bench.store.files import clear_write_errors, read_json
from irfer_bench.store.locks import try_lock

SCRATCH = ("building", "damaged")
CHECKPOINTS = "unfinished"


def sweep(root: Path, keep: Iterable[str]) -> tuple[int, int]:
    """Delete every artefact but those in `keep` and their parts.

    Checkpoints of interrupted fits stay, unless nothing is to be kept.

    Args:
        root: the store's folder.
        keep: keys.

    Returns:
        How many artefacts, and their bytes.

    Raises:
        RefusedError: another run is building something here.
    """
    known = _artefacts(root)
    kept = _reached(keep, {key: _parts(folder) for key, folder in known.items()})
    doomed = [folder for key, folder in known.items() if key not in kept]
    size = _size(doomed)
    _delete(root, (*doomed, *_leftovers(root, *SCRATCH, *(() if kept else (CHECKPOINTS,)))))
    return len(doomed), size


def purge(
    root: Path, chosen: Callable[[dict[str, Any]], bool], *, really: bool
) -> tuple[int, int]:
    """Delete the artefacts whose description is chosen and all that was made of them.

    Unfinished work goes too, whosever it is: it may hold frames. Without `really` only counts.

    Args:
        root: the store's folder.
        chosen: told what an artefact was made of.

    Returns:
        How many artefacts, and their bytes.

    Raises:
        RefusedError: another run is building something here.
    """
    known = _artefacts(root)
    made: dict[str, list[str]] = {}
    named: set[str] = set()
    for key, folder in known.items():
        try:
            manifest = read_json(folder / MANIFEST)
            describe, parts = manifest["describe"], manifest["parts"]
        except (DamagedError, KeyError, TypeError):
            named.add(key)  # nobody can say what it holds
            continue
        if chosen(describe):
            named.add(key)
        for source in describe.get("from", {}).values():
            made.setdefault(source, []).append(key)
        made.setdefault(key, []).extend(parts)
    doomed = [known[key] for key in _reached(named, made) & known.keys()]
    size = _size(doomed)
    if really:
        _delete(root, (*doomed, *_leftovers(root, *SCRATCH, CHECKPOINTS)))
    return len(doomed), size


def _artefacts(root: Path) -> dict[str, Path]:
    return {folder.name: folder for folder in (root / "artefacts").glob("*/*")}


def _parts(folder: Path) -> list[str]:
    with suppress(DamagedError, AttributeError):
        return list(read_json(folder / MANIFEST).get("parts", []))
    return []


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
    return [root / name for name in names if (root / name).is_dir()]


def _size(folders: Iterable[Path]) -> int:
    return sum(path.stat().st_size for folder in folders for path in folder.iterdir())


def _delete(root: Path, folders: Iterable[Path]) -> None:
    with clear_write_errors(root):
        _refuse_if_busy(root)
        for folder in folders:
            shutil.rmtree(folder)


def _refuse_if_busy(root: Path) -> None:
    for lock in (root / "locks").glob("*.lock"):
        with try_lock(lock.parent, lock.stem) as free:
            if not free:
                raise RefusedError(f"another run is at work in {root}", "wait until it has ended")
