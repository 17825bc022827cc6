"""Scanning of a dataset folder: which dataset it is, its items and problems."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from irfer_bench.contracts.interfaces import Dataset
from irfer_bench.contracts.values import JSON, Item, Problem
from irfer_bench.data.kept_manifests import keep, place_of, signature, stored
from irfer_bench.data.manifest import DAMAGED, Manifest, usable_items
from irfer_bench.data.trees.walk import shared_walks
from irfer_bench.errors import BenchError, MissingError, OtherFolderError

if TYPE_CHECKING:
    from irfer_bench.registry import Registry

SURE = 0.5
"""Below this confidence a folder is not accepted as the given dataset."""
Progress = Callable[[str, int, int], object]


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
    """Scan a dataset folder, or return the kept manifest of an unchanged folder.

    Args:
        name: the dataset's name; default its own `name`.
        home: where manifests are kept between runs; None keeps none.
        stamp: version and parameters of the dataset's component, to which a manifest belongs.
        verify: also decode every image and list the damaged ones.
        others: datasets that may identify the folder when this one does not.

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
        keep(place_of(name, root, home, stamp), before, manifest)
    return manifest


def check_root(
    name: str,
    dataset: Dataset,
    root: Path,
    others: Iterable[tuple[str, Dataset]] = (),
) -> None:
    """Refuse a folder of another dataset, with the name of the dataset that it resembles."""
    with shared_walks():
        seen = dataset.identify(root)
        if seen.confidence >= SURE:
            return
        rivals = [(rival.identify(root), other) for other, rival in others if other != name]
    best = max(rivals, key=lambda pair: pair[0].confidence, default=None)
    hint = f"irfer-bench show {name} prints the tree that is expected"
    if best is not None and best[0].confidence >= SURE:
        hint = f"it looks like {best[1]} ({best[0].reason})"
    raise OtherFolderError(f"{root} is not {name}: {seen.reason}", hint)


def other_datasets(registry: Registry) -> Iterator[tuple[str, Dataset]]:
    """Every dataset that can be made with its default parameters, for `others`."""
    for component in registry.components("dataset"):
        with contextlib.suppress(BenchError):  # a broken plugin identifies no folder
            yield component.name, registry.create(component)


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
    usable = usable_items(listed, problems)
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
