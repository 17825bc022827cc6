"""What the files of a dataset are: one digest of facts, names and bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path, PurePosixPath

from irfer_bench import keys
from irfer_bench.values import Item

UNREADABLE = "unreadable"


def content_digest(root: Path, items: Iterable[Item]) -> str:
    """The fingerprint of a dataset that is files: equal wherever the same files lie.

    A Merkle digest: every file's bytes, then every item's facts with its files' names and digests,
    then all items by id. Folders above an item, files of no item, the order of listing and dates do
    not enter. A file that cannot be read enters as such, so that its repair changes the digest.
    """
    return keys.digest(["content", sorted(item_digests(root, items).values())])


def item_digests(root: Path, items: Iterable[Item]) -> dict[str, str]:
    """The leaves of the fingerprint by item id; a file that several items share is read once."""
    from concurrent.futures import ThreadPoolExecutor

    listed = list(items)
    names = dict.fromkeys(name for item in listed for name in _names(item))
    with ThreadPoolExecutor(max_workers=4) as pool:
        read = pool.map(lambda name: _file_digest(root / name), names)
        digests = dict(zip(names, read, strict=True))
    return {item.id: _item_digest(item, digests) for item in listed}


def _names(item: Item) -> tuple[str, ...]:
    return (*item.files, item.audio) if item.audio else item.files


def _item_digest(item: Item, digests: dict[str, str]) -> str:
    facts = asdict(item)
    facts["files"] = [[PurePosixPath(name).name, digests[name]] for name in item.files]
    if item.audio:
        facts["audio"] = [PurePosixPath(item.audio).name, digests[item.audio]]
    return keys.digest(facts)


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return UNREADABLE
