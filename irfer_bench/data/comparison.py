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
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedError(
            f"--against {path} is no manifest ({error})",
            "it is the file that `irfer-bench data manifest DATASET --out FILE` writes",
        ) from error


def compare(mine: Statement, theirs: Statement) -> list[Difference]:
    """All differences, the most informative first; empty for equal copies.

    Raises:
        UsageError: they are of different datasets.
    """
    if mine.dataset != theirs.dataset:
        raise UsageError(f"this is {mine.dataset!r}, the other manifest is of {theirs.dataset!r}")
    found = [*_items(mine, theirs), *_folds(mine, theirs), *_crops(mine, theirs)]
    if mine.fingerprint != theirs.fingerprint:
        how = f"{mine.fingerprint[:16]} here, {theirs.fingerprint[:16]} there"
        found.append(Difference("fingerprint", mine.dataset, how))
    return found


def uncompared(mine: Statement, theirs: Statement) -> list[str]:
    """Crops that only one side lists, which cannot be compared."""
    return sorted(mine.crops.keys() ^ theirs.crops.keys())


def _items(mine: Statement, theirs: Statement) -> Iterator[Difference]:
    here, there = ({item.id: item for item in each.items} for each in (mine, theirs))
    for name in sorted(here.keys() - there.keys()):
        yield Difference("only_here", name, "the other copy lacks it")
    for name in sorted(there.keys() - here.keys()):
        yield Difference("only_there", name, "this copy lacks it")
    for name in sorted(here.keys() & there.keys()):
        own, other = here[name], there[name]
        odd = [fact for fact in FACTS if getattr(own, fact) != getattr(other, fact)]
        for fact in odd:
            how = f"{fact} {getattr(own, fact)!r} here, {getattr(other, fact)!r} there"
            yield Difference("facts", name, how)
        if not odd and mine.digests.get(name) != theirs.digests.get(name):
            same = _names(own) == _names(other)
            how = "its files hold other bytes" if same else "its files are called otherwise"
            yield Difference("content", name, how)


def _names(item: Item) -> list[str]:
    return [PurePosixPath(name).name for name in (*item.files, item.audio or "")]


def _folds(mine: Statement, theirs: Statement) -> Iterator[Difference]:
    if len(mine.folds) != len(theirs.folds):
        yield Difference("folds", "all", f"{len(mine.folds)} here, {len(theirs.folds)} there")
        return
    for number, (own, other) in enumerate(zip(mine.folds, theirs.folds, strict=True), start=1):
        odd = set(own) ^ set(other)
        if odd:
            yield Difference("folds", f"fold {number}", f"{len(odd)} members differ")


def _crops(mine: Statement, theirs: Statement) -> Iterator[Difference]:
    for title in sorted(mine.crops.keys() & theirs.crops.keys()):
        if mine.crops[title] != theirs.crops[title]:
            yield Difference("crops", title, "faces were cut out elsewhere")
