"""Comparison of two sites' items, folds and crops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import Item
from irfer_bench.data.fingerprint import item_digests
from irfer_bench.data.manifest import Manifest
from irfer_bench.errors import DamagedError, MissingError, UsageError

FACTS = ("label", "subject", "spectrum", "lighting", "pair", "split", "part", "frames")


class Statement(Manifest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A manifest with the facts that two sites compare; it names no path and holds no image.

    Args:
        digests: of every item's facts and bytes, by id.
        folds: test subjects (or ids) of each fold.
        crops: digest of all squares by setting and prepared domain, where a setting was named.
    """

    digests: dict[str, str] = msgspec.field(default_factory=dict)
    folds: tuple[tuple[str, ...], ...] = ()
    crops: dict[str, str] = msgspec.field(default_factory=dict)


class Difference(NamedTuple):
    """One difference between the two copies."""

    kind: str
    what: str
    how: str


def make_statement(
    manifest: Manifest, dataset: Dataset, root: Path | None, crops: Mapping[str, str]
) -> Statement:
    """The statement of a scanned dataset; every file is read again."""
    facts = {name: getattr(manifest, name) for name in Manifest.__struct_fields__}
    folds = dataset.folds([item for item in manifest.items if item.label is not None])
    return Statement(
        **facts,
        digests={} if root is None else item_digests(root, manifest.items),
        folds=tuple(tuple(sorted(fold)) for fold in folds),
        crops=dict(crops),
    )


def read_statement(path: Path) -> Statement:
    """Read a statement that `data manifest` wrote.

    Raises:
        MissingError: no such file. DamagedError: it is no statement.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Statement)
    except FileNotFoundError:
        raise MissingError(f"--against {path}: no such file", "irfer-bench data manifest") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError(
            f"--against {path} is no manifest ({error})",
            "it is the file that `irfer-bench data manifest DATASET --out FILE` writes",
        ) from error


def compare(here: Statement, there: Statement) -> list[Difference]:
    """All differences, the most informative first; empty for equal copies.

    Raises:
        UsageError: they are of different datasets.
    """
    if here.dataset != there.dataset:
        raise UsageError(f"this is {here.dataset!r}, the other manifest is of {there.dataset!r}")
    found = [*_items(here, there), *_folds(here, there), *_crops(here, there)]
    if here.fingerprint != there.fingerprint:
        how = f"{here.fingerprint[:16]} here, {there.fingerprint[:16]} there"
        found.append(Difference("fingerprint", here.dataset, how))
    return found


def uncompared(here: Statement, there: Statement) -> list[str]:
    """Crops that only one side lists, which cannot be compared."""
    return sorted(here.crops.keys() ^ there.crops.keys())


def _items(here: Statement, there: Statement) -> Iterator[Difference]:
    items, others = ({item.id: item for item in each.items} for each in (here, there))
    for name in sorted(items.keys() - others.keys()):
        yield Difference("only_here", name, "the other copy lacks it")
    for name in sorted(others.keys() - items.keys()):
        yield Difference("only_there", name, "this copy lacks it")
    for name in sorted(items.keys() & others.keys()):
        own, other = items[name], others[name]
        changed = [fact for fact in FACTS if getattr(own, fact) != getattr(other, fact)]
        for fact in changed:
            how = f"{fact} {getattr(own, fact)!r} here, {getattr(other, fact)!r} there"
            yield Difference("facts", name, how)
        if not changed and here.digests.get(name) != there.digests.get(name):
            same = _names(own) == _names(other)
            how = "its files hold other bytes" if same else "its files are called otherwise"
            yield Difference("content", name, how)


def _names(item: Item) -> list[str]:
    return [PurePosixPath(name).name for name in (*item.files, item.audio or "")]


def _folds(here: Statement, there: Statement) -> Iterator[Difference]:
    if len(here.folds) != len(there.folds):
        yield Difference("folds", "all", f"{len(here.folds)} here, {len(there.folds)} there")
        return
    for number, (own, other) in enumerate(zip(here.folds, there.folds, strict=True), start=1):
        members = set(own) ^ set(other)
        if members:
            yield Difference("folds", f"fold {number}", f"{len(members)} members differ")


def _crops(here: Statement, there: Statement) -> Iterator[Difference]:
    for title in sorted(here.crops.keys() & there.crops.keys()):
        if here.crops[title] != there.crops[title]:
            yield Difference("crops", title, "faces were cut out elsewhere")
