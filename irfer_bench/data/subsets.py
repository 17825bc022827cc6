"""Training and test clips: folds by subject, fixed draws of shots, checks for leaks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol, Self, TypeVar

from irfer_bench.errors import DamagedError
from irfer_bench.store.keys import seed_for


class View(Protocol):
    """Facts of some clips, in an order: of stored clips, or of items that are not prepared yet."""

    @property
    def ids(self) -> Sequence[str]: ...
    @property
    def labels(self) -> Sequence[str | None]: ...
    @property
    def subjects(self) -> Sequence[str | None]: ...
    @property
    def pairs(self) -> Sequence[str | None]: ...
    def __len__(self) -> int: ...
    def pick(self, positions: Iterable[int]) -> Self: ...
    def hide_labels(self) -> Self: ...


V = TypeVar("V", bound=View)
"""Either kind of view; what is picked of one is of the same kind."""


def belongs(test: frozenset[str], subject: str | None, clip_id: str) -> bool:
    """Whether a clip is a test clip: by subject, or by item where there are no subjects."""
    if subject is not None:
        return subject in test
    return clip_id in test or clip_id.rpartition(".")[0] in test


def split_fold(view: V, folds: Sequence[Iterable[str]], fold: int, part: str, title: str) -> V:
    """The `train`, `test` or `all` clips of fold `fold`, counted from 1; 0 is no fold.

    Raises:
        DamagedError: there are fewer folds.
    """
    if part == "all" or fold == 0:
        return view
    if fold > len(folds):
        raise DamagedError(
            f"{title}: fold {fold} was asked for and there are {len(folds)}",
            "too few subjects are there",
        )
    return split(view, frozenset(folds[fold - 1]), part)


def split(view: V, test: frozenset[str], part: str) -> V:
    """The `train`, `test` or `all` clips of a fold."""
    if part == "all":
        return view
    facts = zip(view.subjects, view.ids, strict=True)
    tests = [belongs(test, subject, clip_id) for subject, clip_id in facts]
    return view.pick(i for i, is_test in enumerate(tests) if is_test == (part == "test"))


def check_leak(train: Iterable[View], test: View, where: str) -> bool:
    """Refuse a subject on both sides; returns False where a test clip has no subject to check.

    Raises:
        DamagedError: naming the subjects.
    """
    tested = {subject for subject in test.subjects if subject is not None}
    trained = {subject for view in train for subject in view.subjects if subject is not None}
    both = sorted(tested & trained)
    if both:
        shown = ", ".join(both[:5]) + (" …" if len(both) > 5 else "")
        raise DamagedError(
            f"{where}: {len(both)} subject(s) are in training and test: {shown}",
            "correct the split in the data; no result is computed from a leaking split",
        )
    return bool(tested) and None not in test.subjects


def draw_shots(
    view: V,
    classes: Sequence[str],
    shots: int | float | None,
    *,
    draw: int,
    where: str,
    fewer: bool = False,
) -> V:
    """The labelled target clips of one fixed draw.

    Args:
        shots: per class, from distinct subjects where possible; below 1 the fraction of subjects
            all of whose clips are kept; None for all.
        fewer: take what a class has where that is less, as from an incomplete dataset.

    Raises:
        DamagedError: a class has fewer clips than shots.
    """
    if shots is None:
        return view
    if shots == 0:
        return view.pick(())
    if shots < 1:
        names = sorted({subject or clip_id for subject, clip_id in _owners(view)})
        names.sort(key=lambda name: seed_for(draw, "shots", name))
        kept = set(names[: max(1, math.ceil(shots * len(names)))])
        return view.pick(i for i, (s, c) in enumerate(_owners(view)) if (s or c) in kept)
    picked: list[int] = []
    for name in classes:
        if not fewer:
            _check_shots(view, name, int(shots), where)
        picked += _pick_class(view, name, int(shots), draw)
    return view.pick(picked)


def owners(view: View) -> list[str]:
    """The subject of every clip, or its id where it has none."""
    return [subject or clip_id for subject, clip_id in _owners(view)]


def _owners(view: View) -> list[tuple[str | None, str]]:
    return list(zip(view.subjects, view.ids, strict=True))


def _check_shots(view: View, name: str, shots: int, where: str) -> None:
    own = sum(label == name for label in view.labels)
    if own < shots:
        raise DamagedError(
            f"{where}: class {name!r} has {own} labelled target clip(s), {shots} are needed",
            "irfer-bench data check shows what is there",
        )


def _pick_class(view: View, name: str, shots: int, draw: int) -> list[int]:
    own = [i for i, label in enumerate(view.labels) if label == name]
    ids, subjects = view.ids, view.subjects
    own.sort(key=lambda i: seed_for(draw, "shots", name, ids[i]))
    first: dict[str, int] = {}
    for i in own:
        first.setdefault(subjects[i] or ids[i], i)
    distinct = list(first.values())
    rest = [i for i in own if i not in set(distinct)]
    return (distinct + rest)[:shots]


def check_classes(
    views: Sequence[View], classes: Sequence[str], where: str, *, fewer: bool = False
) -> list[str]:
    """Refuse to train where a class has no example; returns the classes that have none.

    Args:
        fewer: only refuse where no class has one, as in a small copy of a dataset.

    Raises:
        DamagedError: naming the classes.
    """
    seen = {label for view in views for label in view.labels}
    absent = [name for name in classes if name not in seen]
    if absent and (not fewer or len(absent) == len(classes)):
        raise DamagedError(
            f"{where}: no training clip of {', '.join(absent)}",
            "irfer-bench data check shows which folders are missing",
        )
    return absent


def match_pairs(source: View, target: View) -> list[tuple[int, int]]:
    """Positions of clips that share a pair name."""
    where = {pair: i for i, pair in enumerate(target.pairs) if pair is not None}
    return [
        (i, where[pair])
        for i, pair in enumerate(source.pairs)
        if pair is not None and pair in where
    ]


def split_validation(view: V, fraction: float, draw: int) -> tuple[V, V]:
    """Training and validation clips, split by subject; fraction 0 gives no validation clips."""
    if fraction <= 0 or len(view) == 0:
        return view, view.pick(())
    names = sorted({subject or clip_id for subject, clip_id in _owners(view)})
    names.sort(key=lambda name: seed_for(draw, "validation", name))
    held = set(names[: max(1, round(fraction * len(names)))])
    positions = {True: [], False: []}  # type: dict[bool, list[int]]
    for i, (subject, clip_id) in enumerate(_owners(view)):
        positions[(subject or clip_id) in held].append(i)
    return view.pick(positions[False]), view.pick(positions[True])
