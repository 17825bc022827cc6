"""Checks that files are unchanged: by size, dates and inode, else by their bytes.

A file whose size, date of its bytes, date of its entry (ctime, which no program can set) and inode
are the same has not been written to. Stamps lie beside an artefact's manifest and are no part of
what its digest covers: a copied store is hashed once in full and then has stamps of its own.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any

from irfer_bench.errors import DamagedError
from irfer_bench.home import cores
from irfer_bench.store import keys
from irfer_bench.store.files import read_json, write_json

MANIFEST, STAMPS = "manifest.json", "stamps.json"
TICK = 20_000_000
"""Nanoseconds in which a file system may give two changes the same date."""
SMALL = 2**20
"""Bytes up to which an artefact has no stamps: it is read in full each time."""

Stamp = list[int]


def stamp_of(facts: os.stat_result) -> Stamp:
    """Size, mtime, ctime (ns) and inode."""
    return [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]


def list_files(folder: Path) -> dict[str, os.stat_result]:
    """All files below a folder by name, without stamps and hidden files (such as `.DS_Store`).

    Raises:
        DamagedError: an entry is no regular file. OSError: the folder cannot be read.
    """
    found = dict(_walk(folder, ""))
    for name, facts in found.items():
        if not S_ISREG(facts.st_mode):
            raise DamagedError(f"{folder / name} is no ordinary file")
    found.pop(STAMPS, None)
    return found


def _walk(folder: Path, above: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path), f"{above}{entry.name}/")
            else:
                yield f"{above}{entry.name}", entry.stat(follow_symlinks=False)


def hash_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and sha256 of every file but the manifest; a gigabyte takes a second on each core."""
    listed = list_files(folder)
    listed.pop(MANIFEST, None)
    paths = [folder / name for name in sorted(listed)]
    if _size(listed) <= SMALL:
        digests = list(map(keys.digest_file, paths))
    else:
        with ThreadPoolExecutor(cores()) as threads:
            digests = list(threads.map(keys.digest_file, paths))
    return {
        name: {"size": listed[name].st_size, "sha256": digest}
        for name, digest in zip(sorted(listed), digests, strict=True)
    }


def compare_files(key: str, written: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Raise where files are missing, edited or not part of the artefact.

    Raises:
        DamagedError: the first of them.
    """
    for name in sorted({*written, *found}):
        if name not in written:
            raise DamagedError(f"artefact {key[:8]}: {name} is not of it")
        if found.get(name) != written[name]:
            raise DamagedError(f"artefact {key[:8]}: {name} is not what was written")


def are_unchanged(folder: Path, digest: str) -> bool:
    """Whether stamps exist for the manifest with this digest and for exactly these files.

    Raises:
        DamagedError, OSError: as `list_files`.
    """
    try:
        noted = (folder / STAMPS).stat().st_mtime_ns
        stamps = read_json(folder / STAMPS)
    except (OSError, DamagedError):
        return False
    if not isinstance(stamps, Mapping) or stamps.get("of") != digest:
        return False
    listed = list_files(folder)
    files = {name: stamp_of(facts) for name, facts in listed.items()}
    # A change in the tick in which the stamps were written would have left the same dates.
    late = any(facts.st_ctime_ns > noted - TICK for facts in listed.values())
    return stamps.get("files") == files and not late


def write_stamps(folder: Path, digest: str) -> None:
    """Store the stamps of files that were just written or hashed in full.

    Where they cannot be written, as in a read-only store, every process hashes the files.
    """
    with suppress(OSError):
        listed = list_files(folder)
        if _size(listed) <= SMALL:
            return
        newest = max(facts.st_ctime_ns for facts in listed.values())
        time.sleep(max(0, min(2 * TICK, newest + 2 * TICK - time.time_ns())) / 1e9)
        files = {name: stamp_of(facts) for name, facts in listed.items()}
        write_json(folder / STAMPS, {"of": digest, "files": files})


def _size(listed: Mapping[str, os.stat_result]) -> int:
    return sum(facts.st_size for facts in listed.values())
