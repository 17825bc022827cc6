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
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=4) as pool:
        leaves = sorted(pool.map(lambda item: _item_digest(root, item), items))
    return keys.digest(["content", leaves])


def _item_digest(root: Path, item: Item) -> str:
    facts = asdict(item)
    facts["files"] = [[PurePosixPath(name).name, _file_digest(root / name)] for name in item.files]
    return keys.digest(facts)


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return UNREADABLE
