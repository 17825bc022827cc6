"""What a dataset on this machine holds: items, counts, problems and a fingerprint, kept once."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import JSON, Item, Problem
from irfer_bench.errors import BenchError, DamagedError, MissingError
from irfer_bench.store import keys

if TYPE_CHECKING:
    from irfer_bench.registry import Registry

SCHEMA = 1
SURE = 0.5
"""Below this confidence a folder is not taken for the dataset it is said to be."""
INCOMPLETE = frozenset(
    {
        "missing_subject",
        "missing_expression",
        "frame_gap",
        "missing_item",
        "missing_list",
        "unexpected_count",
        "unreadable",
    }
)
"""Kinds of problems that leave a usable but smaller dataset: every result is marked."""
BLOCKING = frozenset(
    {
        "duplicate_id",
        "unknown_label",
        "subject_overlap",
        "ambiguous_pair",
        "bad_row",
        "missing_file",
        "outside_root",
    }
)
"""Kinds of problems that a run must not go on with: which items count would be a guess."""
DAMAGED = frozenset({"damaged", "empty"})

Progress = Callable[[str, int, int], object]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dataset folder, seen once. It names no path of this machine.

    Args:
        items: in the order of their ids.
        by_class, by_subject, by_domain: counts of usable items; a domain is spectrum and lighting.
        fingerprint: what the content is (`Dataset.fingerprint`).
        verified: whether every image was decoded while scanning.
    """

    dataset: str
    items: tuple[Item, ...]
    by_class: dict[str, int]
    by_subject: dict[str, int]
    by_domain: dict[str, int]
    problems: tuple[Problem, ...]
    fingerprint: str
    verified: bool = False
    schema: int = SCHEMA

    @property
    def incomplete(self) -> bool:
        """Whether results on it carry the mark `incomplete`."""
        return any(problem.kind in INCOMPLETE for problem in self.problems)

    def usable(self) -> tuple[Item, ...]:
        """The items without the files that a verified scan found damaged."""
        return _usable(self.items, self.problems)

    def require(self) -> None:
        """Refuse to go on where a problem leaves it open which items count.

        Raises:
            DamagedError: the first such problem and how many there are.
        """
        refuse_blocking(self.dataset, self.problems)


def refuse_blocking(name: str, problems: Iterable[Problem]) -> None:
    """Raise where a problem leaves it open which items count.

    Raises:
        DamagedError: the first such problem and how many there are.
    """
    blocking = [problem for problem in problems if problem.kind in BLOCKING]
    if blocking:
        first = blocking[0]
        kind = first.kind.replace("_", " ")
        more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
        raise DamagedError(
            f"{name}: {kind}: {first.path}: {first.action}{more}",
            f"irfer-bench data check {name} lists them",
        )


def scan(
    dataset: Dataset,
    root: Path | None,
    *,
    name: str = "",
    home: Path | None = None,
    stamp: JSON = None,
    verify: bool = False,
    others: Iterable[tuple[str, Dataset]] = (),
    progress: Progress | None = None,
) -> Manifest:
    """Read a dataset folder, or take what an earlier scan of the unchanged folder found.

    Args:
        name: the dataset's name; default its own `name`.
        home: where manifests are kept between runs; None keeps none.
        stamp: version and parameters of the dataset's component: a manifest serves no other.
        verify: also decode every image and list the damaged ones.
        others: datasets to ask whose folder it is, when it is not this one's.

    Raises:
        MissingError: no such folder, or it is not this dataset, with what it looks like.
    """
    name = name or str(getattr(dataset, "name", type(dataset).__name__))
    if root is None:
        return _build(name, dataset, None, (), False)
    if not root.is_dir():
        raise MissingError(f"{name}: {root} is no folder", f"say --data-root {name}=FOLDER")
    known = stored(name, root, home, stamp) if home is not None else None
    if known is not None and (known.verified or not verify):
        return known
    check_root(name, dataset, root, others)
    before = signature(root)
    damaged: Sequence[Problem] = ()
    if verify:
        from irfer_bench.data.verification import damaged_files

        damaged = damaged_files(dataset, root, dataset.index(root), progress)
    manifest = _build(name, dataset, root, damaged, verify)
    if home is not None:
        _keep(_place(name, root, home, stamp), before, manifest)
    return manifest


def stored(name: str, root: Path, home: Path, stamp: JSON = None) -> Manifest | None:
    """What an earlier scan found, if no name, size, date or permission under `root` changed since.

    Reads no file of the dataset and does not import it.
    """
    try:
        kept = msgspec.json.decode(_place(name, root, home, stamp).read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    if kept.manifest.schema != SCHEMA or kept.signature != signature(root):
        return None
    return kept.manifest


def check_root(
    name: str,
    dataset: Dataset,
    root: Path,
    others: Iterable[tuple[str, Dataset]] = (),
) -> None:
    """Refuse a folder that is not the dataset it is said to be, and say what it looks like."""
    seen = dataset.identify(root)
    if seen.confidence >= SURE:
        return
    rivals = [(rival.identify(root), other) for other, rival in others if other != name]
    best = max(rivals, key=lambda pair: pair[0].confidence, default=None)
    hint = f"irfer-bench data list names what {name} needs"
    if best is not None and best[0].confidence >= SURE:
        hint = f"it looks like {best[1]} ({best[0].reason})"
    raise MissingError(f"{root} is not {name}: {seen.reason}", hint)


def other_datasets(registry: Registry) -> Iterator[tuple[str, Dataset]]:
    """Every dataset that can be made with its default parameters, for `others`."""
    for component in registry.components("dataset"):
        with contextlib.suppress(BenchError):  # a broken plugin has no say in what a folder is
            yield component.name, registry.create(component)


def signature(root: Path) -> str:
    """One digest of all names, sizes, dates and permissions under a folder; no file is opened."""
    return keys.digest(["listing", str(root.resolve()), sorted(_listing(root, ""))])


class _Kept(msgspec.Struct, frozen=True):
    signature: str
    manifest: Manifest


def _listing(folder: Path, above: str) -> Iterator[list[str | int]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        yield [above, "unreadable"]
        return
    for entry in entries:
        name = f"{above}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _listing(Path(entry.path), name)
            continue
        try:
            facts = entry.stat(follow_symlinks=False)
        except OSError:  # a folder that may be listed and not entered
            yield [name, "unreadable"]
        else:
            yield [name, facts.st_size, facts.st_mtime_ns, facts.st_mode]


def _place(name: str, root: Path, home: Path, stamp: JSON) -> Path:
    return home / "manifests" / f"{name}-{keys.digest([str(root.resolve()), stamp])[:16]}.json"


def _keep(place: Path, listing: str, manifest: Manifest) -> None:
    draft = place.with_suffix(f".{os.getpid()}.tmp")
    # Only time is lost where it cannot be written: the next run scans again.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            draft.write_bytes(msgspec.json.encode(_Kept(listing, manifest)))
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)


def _build(
    name: str,
    dataset: Dataset,
    root: Path | None,
    damaged: Sequence[Problem],
    verified: bool,
) -> Manifest:
    problems = list(dataset.problems(root))
    known = {problem.path for problem in problems if problem.kind in DAMAGED}
    problems += [problem for problem in damaged if problem.path not in known]
    items: dict[str, Item] = {}
    for item in sorted(dataset.index(root), key=lambda item: item.id):
        if item.id in items:
            path = (item.files or (item.id,))[0]
            problems.append(
                Problem(
                    "duplicate_id",
                    path,
                    f"id {item.id} is taken; rename or remove one of the two",
                )
            )
        else:
            items[item.id] = item
    problems.extend(_overlap(items.values()))
    listed = tuple(items.values())
    usable = _usable(listed, problems)
    return Manifest(
        dataset=name,
        items=listed,
        by_class=_count(item.label or "unlabelled" for item in usable),
        by_subject=_count(item.subject or "none" for item in usable),
        by_domain=_count("_".join(filter(None, (i.spectrum, i.lighting))) for i in usable),
        problems=tuple(dict.fromkeys(problems)),
        fingerprint=dataset.fingerprint(root),
        verified=verified,
    )


def _usable(items: Sequence[Item], problems: Sequence[Problem]) -> tuple[Item, ...]:
    bad = {problem.path for problem in problems if problem.kind in DAMAGED}
    kept = (
        item if bad.isdisjoint(item.files or (item.id,)) else _without(item, bad) for item in items
    )
    return tuple(item for item in kept if item.frames)


def _without(item: Item, bad: set[str]) -> Item:
    files = tuple(name for name in item.files if name not in bad)
    frames = len(files) if len(item.files) == item.frames else 0
    return replace(item, files=files, frames=frames)


def _overlap(items: Iterable[Item]) -> Iterator[Problem]:
    splits: dict[str, set[str]] = {}
    for item in items:
        if item.subject is not None and item.split:
            splits.setdefault(item.subject, set()).add(item.split)
    for subject, names in sorted(splits.items()):
        if len(names) > 1:
            yield Problem(
                "subject_overlap",
                subject,
                f"is in splits {', '.join(sorted(names))}; give a subject one split",
            )


def _count(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
