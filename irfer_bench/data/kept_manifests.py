"""Manifests cached between runs, valid while no name, size or date in the folder changes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import msgspec

from irfer_bench.contracts.values import JSON
from irfer_bench.data.manifest import SCHEMA, Manifest
from irfer_bench.data.trees.walk import walk
from irfer_bench.home import make_private
from irfer_bench.store import keys
from irfer_bench.store.files import atomic_file
from irfer_bench.store.stamps import stamp_of


class _Kept(msgspec.Struct, frozen=True):
    signature: str
    manifest: Manifest


def stored(name: str, root: Path, home: Path, stamp: JSON = None) -> Manifest | None:
    """The manifest of an earlier scan, if the folder's `signature` is unchanged.

    Reads no file of the dataset and does not import it.
    """
    try:
        kept = msgspec.json.decode(place_of(name, root, home, stamp).read_bytes(), type=_Kept)
    except (OSError, ValueError, RecursionError):
        return None
    if kept.manifest.schema != SCHEMA or kept.signature != signature(root):
        return None
    return kept.manifest


def keep(place: Path, listing: str, manifest: Manifest) -> None:
    """Keep the manifest of a folder with this signature."""
    # Only time is lost where it cannot be written: the next run scans again.
    with contextlib.suppress(OSError):
        make_private(place.parent)
        with atomic_file(place, mode=0o600) as draft:
            draft.write_bytes(msgspec.json.encode(_Kept(listing, manifest)))


def place_of(name: str, root: Path, home: Path, stamp: JSON) -> Path:
    """Where the manifest of a folder is kept; `stamp` is its dataset's version and parameters."""
    return home / "manifests" / f"{name}-{keys.digest([str(root.resolve()), stamp])[:16]}.json"


def signature(root: Path) -> str:
    """One digest of all names, sizes, dates, inodes and permissions; no file is opened.

    The date of a file's entry (ctime) is among them: no program can set it back. Links are
    followed, as datasets do.
    """
    tree, digest = walk(root), hashlib.sha256(os.fsencode(root.resolve()))
    for problem in tree.problems:
        digest.update(f"{problem.kind} {problem.path}\n".encode())
    for folder, names in tree.files.items():
        place = f"{root}/{folder}" if folder else str(root)
        digest.update(f"{folder}/\n".encode())
        for name in names:
            try:
                facts = os.stat(f"{place}/{name}")  # noqa: PTH116  speed
            except OSError:  # a folder that may be listed and not entered
                digest.update(f"{name} unreadable\n".encode())
            else:
                digest.update(f"{name} {stamp_of(facts)} {facts.st_mode}\n".encode())
    return digest.hexdigest()


def manifest_of(name: str, fingerprint: str, home: Path) -> Manifest | None:
    """A kept manifest of a dataset with this fingerprint, whether its folder is still there or not.

    Files that are no manifest are passed over, as `stored` does.
    """
    for place in sorted((home / "manifests").glob(f"{name}-*.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            manifest = msgspec.json.decode(place.read_bytes(), type=_Kept).manifest
            if (manifest.dataset, manifest.fingerprint) == (name, fingerprint):
                return manifest
    return None
