"""The fingerprint of a dataset: one digest of facts, names and bytes."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import islice
from pathlib import Path

from irfer_bench.contracts.values import Item
from irfer_bench.store import keys

UNREADABLE = "unreadable"
FACTS = tuple(field.name for field in fields(Item))
THREADS, BATCH, ITEMS, CHUNK = 4, 64, 256, 1 << 20
WORTH = 0.5e-3
"""Seconds per file above which reading with threads is faster."""


def content_digest(root: Path, items: Iterable[Item]) -> str:
    """The fingerprint of a dataset of files, equal for equal files in any folder.

    A Merkle digest: every file's bytes, then every item's facts with its files' names and digests,
    then all items by id. Folders above an item, files of no item, the order of listing and dates do
    not enter. An unreadable file enters with a mark, so that its repair changes the digest.
    """
    return keys.digest(["content", sorted(item_digests(root, items).values())])


def item_digests(root: Path, items: Iterable[Item]) -> dict[str, str]:
    """The leaves of the fingerprint by item id; some hundred items are held at a time."""
    found, slow, waiting = dict[str, str](), None, iter(items)
    with ThreadPoolExecutor(THREADS) as pool:
        while listed := list(islice(waiting, ITEMS)):
            names = list(dict.fromkeys(name for item in listed for name in _names(item)))
            paths = [f"{root}/{name}" for name in names]
            begun = time.monotonic()
            digests = [_file_digest(path) for path in paths[:BATCH]]
            if slow is None:
                slow = time.monotonic() - begun > WORTH * len(digests)
            digests += (pool.map if slow else map)(_file_digest, paths[BATCH:])
            known = dict(zip(names, digests, strict=True))
            found.update((item.id, _item_digest(item, known)) for item in listed)
    return found


def _names(item: Item) -> tuple[str, ...]:
    return (*item.files, item.audio) if item.audio else item.files


def _item_digest(item: Item, digests: dict[str, str]) -> str:
    facts = {name: getattr(item, name) for name in FACTS}
    facts["files"] = [[_own(name), digests[name]] for name in item.files]
    if item.audio:
        facts["audio"] = [_own(item.audio), digests[item.audio]]
    return keys.digest(facts)


def _own(name: str) -> str:
    """A file's name without its folders."""
    return name.rpartition("/")[2]


def _file_digest(path: str) -> str:
    try:
        stream = os.open(path, os.O_RDONLY)  # a stream object costs a third more
    except OSError:
        return UNREADABLE
    try:
        content = os.read(stream, CHUNK)
        digest = hashlib.sha256(content)
        while content:
            content = os.read(stream, CHUNK)
            digest.update(content)
        return digest.hexdigest()
    except OSError:
        return UNREADABLE
    finally:
        os.close(stream)
